package facturx

import (
	"encoding/binary"
	"math"
	"sync"
)

// profileStream is sRGB as a stream object, the same in every file.
var profileStream = sync.OnceValue(func() []byte { return packed("/N 3 /Alternate /DeviceRGB", sRGB()) })

// sRGB is an ICC profile (version 2.1, a display) of the colour space of IEC
// 61966-2-1: what the numbers of our colours mean. It is computed from the
// standard's formula and primaries (adapted to D50 by Bradford's transform).
func sRGB() []byte {
	type tag struct {
		name string
		data []byte
	}
	curve := curveTag()
	tags := []tag{
		{"desc", descTag("sRGB IEC61966-2.1")}, {"cprt", append([]byte("text\x00\x00\x00\x00"), "Public domain\x00"...)}, {"wtpt", xyzTag(0.9642, 1, 0.8249)},
		{"rXYZ", xyzTag(0.43607, 0.22249, 0.01392)}, {"gXYZ", xyzTag(0.38515, 0.71687, 0.09708)}, {"bXYZ", xyzTag(0.14307, 0.06061, 0.7141)},
		{"rTRC", curve}, {"gTRC", curve}, {"bTRC", curve},
	}
	be := binary.BigEndian
	head := make([]byte, 128)
	be.PutUint32(head[8:], 0x02100000)
	copy(head[12:], "mntrRGB XYZ ")
	for i, v := range []uint16{2026, 1, 1, 0, 0, 0} {
		be.PutUint16(head[24+2*i:], v)
	}
	copy(head[36:], "acsp")
	copy(head[68:], xyzTag(0.9642, 1, 0.8249)[8:])

	table := be.AppendUint32(nil, uint32(len(tags)))
	at := 128 + 4 + 12*len(tags)
	var data []byte
	curveAt := 0
	for _, t := range tags {
		offset := at + len(data)
		if t.name[1:] == "TRC" && curveAt > 0 {
			offset = curveAt // the three curves are one
		} else {
			data = append(data, t.data...)
			for len(data)%4 != 0 {
				data = append(data, 0)
			}
			if t.name == "rTRC" {
				curveAt = offset
			}
		}
		table = append(table, t.name...)
		table = be.AppendUint32(be.AppendUint32(table, uint32(offset)), uint32(len(t.data)))
	}
	profile := append(append(head, table...), data...)
	be.PutUint32(profile, uint32(len(profile)))
	return profile
}

// curveTag is the tone curve in 1,024 points.
func curveTag() []byte {
	const points = 1024
	b := append([]byte("curv\x00\x00\x00\x00"), 0, 0, points>>8, points&0xff)
	for i := range points {
		x := float64(i) / (points - 1)
		y := x / 12.92
		if x > 0.04045 {
			y = math.Pow((x+0.055)/1.055, 2.4)
		}
		b = binary.BigEndian.AppendUint16(b, uint16(math.Round(y*65535)))
	}
	return b
}

func xyzTag(x, y, z float64) []byte {
	b := []byte("XYZ \x00\x00\x00\x00")
	for _, v := range []float64{x, y, z} {
		b = binary.BigEndian.AppendUint32(b, uint32(math.Round(v*65536)))
	}
	return b
}

// descTag is a textDescriptionType: the text in ASCII, none in Unicode and ScriptCode.
func descTag(s string) []byte {
	b := []byte("desc\x00\x00\x00\x00")
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)+1))
	b = append(append(b, s...), 0)
	return append(b, make([]byte, 4+4+2+1+67)...)
}
