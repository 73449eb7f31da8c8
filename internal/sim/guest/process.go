package guest

import (
	"time"
)

// process is one running or ended command: an Exec of the agent, or a script of
// cloud-init. A script is no goroutine that could not be saved: it is run from its
// beginning each time that something it waits for is due, and all that its commands
// did before stands in its journal and is not done again.
type process struct {
	PID     int       `json:"pid"`
	Argv    []string  `json:"argv"`
	Stdin   []byte    `json:"stdin,omitempty"`
	Started time.Time `json:"started"`
	Wake    time.Time `json:"wake,omitzero"`   // when the command it waits for is done
	Waits   bool      `json:"waits,omitempty"` // on something else than time: looked at after each event

	Journal map[string]*entry `json:"journal,omitempty"`

	Done   bool      `json:"done,omitempty"`
	Ended  time.Time `json:"ended,omitzero"`
	Exit   int       `json:"exit,omitempty"`
	Killed bool      `json:"killed,omitempty"`
	Out    []byte    `json:"out,omitempty"`
	Err    []byte    `json:"err,omitempty"`
}

// entry is what one step of a process did: a command, an opened file, a look at the
// file system. Its key in the journal is what was asked for, and the how manieth time.
type entry struct {
	Done  bool      `json:"done,omitempty"`
	Until time.Time `json:"until,omitzero"` // when it is done, while it is not
	Waits bool      `json:"waits,omitempty"`
	Ready bool      `json:"ready,omitempty"` // the result is known and only shows at Until

	Exit int    `json:"exit,omitempty"`
	Out  []byte `json:"out,omitempty"`
	Err  []byte `json:"err,omitempty"`

	Data []byte `json:"data,omitempty"` // a file's content when it was opened
	OK   bool   `json:"ok,omitempty"`   // the file or folder was there
	Dir  bool   `json:"dir,omitempty"`
	Size int64  `json:"size,omitempty"`
	List []name `json:"list,omitempty"` // of a folder
}

type name struct {
	Name string `json:"name"`
	Dir  bool   `json:"dir,omitempty"`
}

// maxOutput is how much of a process's output the agent keeps.
const maxOutput = 16 << 20

// spawn starts a process and runs it as far as it goes at once.
func (g *Guest) spawn(argv []string, stdin []byte) *process {
	g.LastPID++
	if g.LastPID < 700 {
		g.LastPID = 700
	}
	p := &process{PID: g.LastPID, Argv: argv, Stdin: stdin, Started: g.Now, Journal: map[string]*entry{}}
	g.Processes = append(g.Processes, p)
	g.step(p)
	return p
}

// step runs a process on as far as it goes.
func (g *Guest) step(p *process) {
	p.Wake, p.Waits = time.Time{}, false
	if p.Journal == nil {
		p.Journal = map[string]*entry{}
	}
	r := newPass(g, p)
	exit, suspended := r.main()
	if suspended {
		return
	}
	p.Done, p.Exit, p.Ended = true, exit, g.Now
	p.Out, p.Err = r.out.bytes(), r.err.bytes()
	p.Journal, p.Stdin = nil, nil
}

func (g *Guest) process(pid int) *process {
	for _, p := range g.Processes {
		if p.PID == pid {
			return p
		}
	}
	return nil
}

// forget drops an ended process.
func (g *Guest) forget(pid int) {
	for i, p := range g.Processes {
		if p.PID == pid {
			g.Processes = append(g.Processes[:i:i], g.Processes[i+1:]...)
			return
		}
	}
}
