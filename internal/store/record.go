package store

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// A record stands in the store as {"v":VERSION,"d":DATA}: its schema version and its
// JSON.
type record struct {
	Version int             `json:"v"`
	Data    json.RawMessage `json:"d"`
}

const (
	beforeVersion = `{"v":`
	beforeData    = `,"d":`
	afterData     = `}`
)

// wrap writes a record behind room for its checksum. data is JSON as package json
// writes it.
func wrap(version int, data []byte) (room []byte) {
	out := make([]byte, sumSize, sumSize+len(beforeVersion)+len(beforeData)+len(afterData)+len(data)+4)
	out = append(out, beforeVersion...)
	out = strconv.AppendInt(out, int64(version), 10)
	out = append(out, beforeData...)
	out = append(out, data...)
	return append(out, afterData...)
}

// unwrap reads a record. One as wrap writes it is taken apart without reading the data,
// which whoever decodes it does anyway; Data then points into raw.
func unwrap(raw []byte) (rec record, err error) {
	if rest, ok := bytes.CutPrefix(raw, []byte(beforeVersion)); ok {
		if number, data, ok := bytes.Cut(rest, []byte(beforeData)); ok && len(number) < 10 {
			version, err := strconv.Atoi(string(number))
			if data, ok := bytes.CutSuffix(data, []byte(afterData)); ok && err == nil {
				return record{version, data}, nil
			}
		}
	}
	if err := json.Unmarshal(raw, &rec); err != nil {
		return rec, fmt.Errorf("it is no record: %w", err)
	}
	return rec, nil
}
