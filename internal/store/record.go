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

// recordWriter writes records into a transaction's slab: it stands between package json,
// which hands over the whole of a value at once, and the bytes that are stored.
type recordWriter struct {
	json    *json.Encoder
	into    *slab
	version int
	room    []byte // of the last record
}

// wrap writes a record behind room for its checksum.
func (t *transaction) wrap(version int, v any) (room []byte, err error) {
	if t.records == nil {
		t.records = &recordWriter{into: &t.room}
		t.records.json = json.NewEncoder(t.records)
	}
	t.records.version = version
	if err := t.records.json.Encode(v); err != nil {
		return nil, err
	}
	return t.records.room, nil
}

// Write takes the JSON of one value and the newline that ends it.
func (w *recordWriter) Write(line []byte) (int, error) {
	var digits [20]byte
	number := strconv.AppendInt(digits[:0], int64(w.version), 10)
	data := bytes.TrimSuffix(line, []byte("\n"))
	w.room = w.into.take(sumSize + len(beforeVersion) + len(number) + len(beforeData) + len(data) + len(afterData))
	out := append(w.room[:sumSize], beforeVersion...)
	out = append(out, number...)
	out = append(out, beforeData...)
	out = append(out, data...)
	copy(w.room[len(out):], afterData)
	return len(line), nil
}

// unwrap reads a record. One as recordWriter writes it is taken apart without reading the data,
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
