package fleet

import (
	"time"

	"codeberg.org/accolade/accolade/internal/store"
)

// Wreck is a VM that an operation of ours may have left half made under a VMID, where
// our token cannot take it away: the box went down in the middle, and its lock stayed.
// The doctor tells it for as long as the VMID is taken.
type Wreck struct {
	Box       string    `json:"box"`
	VMID      int       `json:"vmid"`
	Operation string    `json:"operation"`
	At        time.Time `json:"at"`
}

// Wrecks are kept by Place.
var Wrecks = store.NewCollection[Wreck]("vm-wreck", 1)
