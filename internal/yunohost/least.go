package yunohost

import "time"

// What work of YunoHost takes at the least, on the fastest machines that it was seen
// on. Until something is remembered the first look comes then; to be wrong costs a
// little waiting or a few looks, nothing else.
const (
	leastPostInstall = 30 * time.Second
	leastSetting     = 3 * time.Second
	leastRelay       = 7 * time.Second        // postfix is set up anew, then the setting is read
	leastUser        = 500 * time.Millisecond // on two cores it takes a second
	leastApp         = 3 * time.Minute
	leastDiagnosis   = time.Minute
)
