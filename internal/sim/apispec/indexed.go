package apispec

import "strconv"

// families are the indexed parameters, which the descriptions list once as "net[n]",
// and how many of each there are: net0 to net31.
var families = map[string]int{
	"acmedomain": 6,
	"dev":        256,
	"hostpci":    16,
	"ide":        4,
	"ipconfig":   32,
	"link":       8,
	"mp":         256,
	"net":        32,
	"numa":       8,
	"parallel":   3,
	"sata":       6,
	"scsi":       31,
	"serial":     4,
	"unused":     256,
	"usb":        14,
	"virtio":     16,
	"virtiofs":   10,
}

// indexed gives the family of an indexed name: "net[n]" for "net3".
func indexed(name string) (string, bool) {
	i := len(name)
	for i > 0 && name[i-1] >= '0' && name[i-1] <= '9' {
		i--
	}
	digits := name[i:]
	if digits == "" || (len(digits) > 1 && digits[0] == '0') {
		return "", false
	}
	n, err := strconv.Atoi(digits)
	if err != nil || n >= families[name[:i]] {
		return "", false
	}
	return name[:i] + "[n]", true
}
