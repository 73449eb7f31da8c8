package yunohost

import (
	"slices"
	"strings"
	"time"
)

// door is the way by which an action is asked for.
type door int

const (
	cli door = iota
	web
)

// call is one run of an action.
type call struct {
	s    *State
	args arguments
	door door
	now  time.Time
	name string // "user.create"

	said []line        // what it tells the user meanwhile
	kept int           // how many of them are in the log
	cost time.Duration // simulated time that it takes
	log  *Log          // once started: it is past its checks
	by   string        // who asked
	file []byte        // content of a file argument
}

type line struct{ level, text string }

// say tells the user something. Levels are INFO, SUCCESS, WARNING, ERROR, and ""
// for a line of display. The web API drops it.
func (c *call) say(level, text string) { c.said = append(c.said, line{level, text}) }

func (c *call) takes(d time.Duration) { c.cost += d }

// handler does an action. The answer is nil for none.
type handler func(c *call) (any, error)

// operation is an action that this simulator knows.
type operation struct {
	do     handler
	writes bool // takes the lock
}

// operations is filled by the files of each noun.
func operations() map[string]operation {
	all := map[string]operation{}
	for _, part := range []map[string]operation{toolsOperations, userOperations, groupOperations, domainOperations, settingsOperations,
		appOperations, diagnosisOperations, serviceOperations, logOperations, minorOperations} {
		for name, op := range part {
			all[name] = op
		}
	}
	return all
}

// known is the set of actions that are simulated.
var known = operations()

// Simulated lists the actions that are simulated, by name ("user.create").
func Simulated() map[string]bool {
	names := map[string]bool{}
	for name := range known {
		names[name] = true
	}
	return names
}

// perform runs an action that has its arguments.
func (c *call) perform() (any, error) {
	op, ok := known[c.name]
	if !ok {
		return nil, notSimulated("action " + c.name)
	}
	answer, err := op.do(c)
	if c.log != nil {
		c.log.end(c, err)
	}
	return answer, err
}

// NotSimulated lists YunoHost's commands that are refused by name.
func NotSimulated() []string {
	var names []string
	for name := range table().actions {
		if _, ok := known[name]; !ok {
			names = append(names, strings.ReplaceAll(name, ".", " "))
		}
	}
	slices.Sort(names)
	return names
}

// Apps lists the apps of the catalog.
func Apps() []string {
	var ids []string
	for i := range recipes {
		ids = append(ids, recipes[i].id)
	}
	return ids
}
