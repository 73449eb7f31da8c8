package guest

import (
	"testing"
	"time"
)

func FuzzUserData(f *testing.F) {
	f.Add([]byte(userDataUsual))
	f.Add([]byte("#cloud-config\nusers: [default, {name: x}]\nwrite_files: [{path: /x, content: y}]\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := seedOf(t, "")
		s.UserData = raw
		g := Boot(NewDisk(image), s, hardware(), noon)
		g.Advance(noon.Add(time.Hour))
		if r := g.Disk().CloudInit.Result; r == "" {
			t.Errorf("no result: %+v", g.Disk().CloudInit)
		}
	})
}

func FuzzNetworkConfig(f *testing.F) {
	f.Add([]byte("version: 2\nethernets: {lan: {match: {name: \"en*\"}, addresses: [10.1.2.3/24], routes: [{to: default, via: 10.1.2.1}]}}\n"))
	f.Add([]byte("version: 1\nconfig: [{type: physical, name: ens18, subnets: [{type: static, address: 10.1.2.3, netmask: 255.255.255.0}]}]\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if config, err := parseNetwork(raw); err == nil && config == nil {
			t.Error("neither a configuration nor an error")
		}
	})
}
