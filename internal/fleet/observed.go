package fleet

import (
	"reflect"
	"slices"
	"time"

	"codeberg.org/accolade/accolade/internal/store"
)

// observedKept is how old the stored observation of a box may be while nothing of
// weight changes. Every box is asked each few minutes: writing each answer to the
// disk would be most of the work of a controller that is idle.
const observedKept = time.Hour

// Observed takes what a box said. It is what Box and Boxes tell from now on; it goes
// to the store when something of weight changed, and at least every hour. It changes
// nothing else of the box.
func (r *Registry) Observed(name string, o Observation) error {
	b, err := get(r.db, Boxes, name)
	if err != nil {
		return err
	}
	r.mu.Lock()
	r.latest[name] = o
	r.mu.Unlock()
	age := o.At.Sub(b.Observed.At) // below zero when the clock was set back: what is stored would count as newer
	if alike(b.Observed, o) && age >= 0 && age < observedKept {
		return nil
	}
	_, err = edit(r.db, Boxes, name, nil, func(_ store.Tx, _ Box, b *Box) error {
		b.Observed = o
		if o.Error == "" {
			if b.Version != "" && b.Version != o.Version {
				b.Updates = append(b.Updates, Update{Seen: o.At, From: b.Version, To: o.Version})
			}
			b.Version = o.Version
		}
		return nil
	})
	return err
}

// alike says that two observations differ in nothing but times and fill levels.
func alike(a, b Observation) bool { return reflect.DeepEqual(weight(a), weight(b)) }

func weight(o Observation) Observation {
	o.At, o.Seen = time.Time{}, time.Time{}
	o.Storages = slices.Clone(o.Storages)
	for i := range o.Storages {
		o.Storages[i].Used, o.Storages[i].Free = 0, 0
	}
	o.VMs = slices.Clone(o.VMs)
	for i := range o.VMs {
		o.VMs[i].Uptime = 0
	}
	return o
}

// newest puts the latest observation in the place of an older one that was stored.
func (r *Registry) newest(b Box) Box {
	r.mu.Lock()
	defer r.mu.Unlock()
	if o, ok := r.latest[b.Name]; ok && o.At.After(b.Observed.At) {
		b.Observed = o
	}
	return b
}
