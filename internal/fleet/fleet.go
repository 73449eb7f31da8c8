// Package fleet owns what the cooperative has in the field: sites, boxes with
// their disks, vaults, and the servers that run on the boxes. It keeps them in the
// store and refuses what cannot be. How a bare box becomes one of ours is in package
// enrol below.
//
// It never speaks to a box itself: it says in small interfaces what it needs of one,
// which the adapters proxmox and pbs satisfy. It knows nothing of contracts or money;
// a client is only a name here.
package fleet

import "time"

// DefaultZone is the time zone of a site that names none.
const DefaultZone = "Europe/Paris"

// Travel is how a technician gets to a site.
type Travel string

const (
	Bike  Travel = "bike"  // near Lorient
	Truck Travel = "truck" // beyond, up to 40 minutes one way
)

// Site is a place where boxes stand.
type Site struct {
	Name    string   `json:"name"`
	Address string   `json:"address"`
	Travel  Travel   `json:"travel" enum:"bike,truck"`
	Minutes int      `json:"minutes"`          // travel time, one way
	Zone    string   `json:"zone"`             // IANA time zone that the boxes there must keep
	ISP     Provider `json:"isp"`              // whom to call when the line is down
	People  []Person `json:"people,omitempty"` // whom to call to be let in, in this order

	Created time.Time `json:"created"`
}

// Provider is an Internet provider: its support line.
type Provider struct {
	Name     string `json:"name,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Mail     string `json:"mail,omitempty"`
	Customer string `json:"customer,omitempty"` // our customer or line number there
}

// Person is somebody on site.
type Person struct {
	Name  string `json:"name"`
	Role  string `json:"role,omitempty"`
	Phone string `json:"phone,omitempty"`
	Mail  string `json:"mail,omitempty"`
}
