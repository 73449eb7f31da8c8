package rest_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/rest"
	"codeberg.org/accolade/accolade/internal/secret"
)

// shape has every kind that our clients read.
type shape struct {
	Text    string `json:"text"`
	Count   int64  `json:"count"`
	Small   int
	Flag    bool                       `json:"flag"`
	Maybe   *bool                      `json:"maybe"`
	List    []string                   `json:"list"`
	Rows    []struct{ N int }          `json:"rows"`
	Nested  struct{ State string }     `json:"nested"`
	Map     map[string]string          `json:"map"`
	Rights  map[string]map[string]bool `json:"rights"`
	Secret  secret.Value               `json:"secret"`
	Raw     json.RawMessage            `json:"raw"`
	Unnamed any                        `json:"any"`
	hidden  string
	part
}

type part struct {
	Inner int `json:"inner"`
}

func TestDecode(t *testing.T) {
	yes, no := true, false
	for raw, want := range map[string]shape{
		`{"text":"a","count":5,"small":7,"flag":true,"list":["a","b"],"rows":[{"n":1}],"nested":{"state":"ok"},"map":{"a":"b"},"rights":{"/":{"Sys.Audit":1}}}`: {
			Text: "a", Count: 5, Small: 7, Flag: true, List: []string{"a", "b"}, Rows: []struct{ N int }{{1}}, Nested: struct{ State string }{"ok"}, Map: map[string]string{"a": "b"}, Rights: map[string]map[string]bool{"/": {"Sys.Audit": true}}},
		`{"text":5,"count":"5","small":"7.0","flag":1,"maybe":0,"list":[1,true],"rows":[{"n":"3"}]}`: {Text: "5", Count: 5, Small: 7, Flag: true, Maybe: &no, List: []string{"1", "1"}, Rows: []struct{ N int }{{3}}},
		`{"text":1.50,"count":1e3,"flag":"1","maybe":"yes"}`:                                         {Text: "1.50", Count: 1000, Flag: true, Maybe: &yes},
		`{"text":false,"count":true,"flag":"OFF","maybe":null}`:                                      {Text: "0", Count: 1},
		`{"text":{"keep-last":"3","keep-all":0},"flag":2}`:                                           {Text: "keep-all=0,keep-last=3", Flag: true},
		`{"text":["iso","backup"],"count":9007199254740993}`:                                         {Text: "iso,backup", Count: 9007199254740993},
		`{"text":null,"count":null,"flag":null,"list":null,"rows":null,"nested":null,"map":null}`:    {},
		`{"text":"","count":"","flag":"","list":"","rows":{},"nested":[],"map":[ ],"rights":""}`:     {},
		`{"unknown":[{"x":1}],"hidden":"x","TEXT":"other"}`:                                          {},
		`{"inner":"4"}`: {part: part{4}},
		`{}`:            {}, `null`: {}, `[]`: {}, ` { "count" : " 12 " } `: {Count: 12},
		`{"secret":"s","raw":{"a":[1]},"any":[1]}`: {Secret: secret.New("s"), Raw: json.RawMessage(`{"a":[1]}`), Unnamed: []any{1.0}},
		`{"count":1,"count":2}`:                    {Count: 2},
	} {
		var got shape
		if err := rest.Decode([]byte(raw), &got); err != nil {
			t.Errorf("%s: %v", raw, err)
		} else if got.hidden != "" || !reflect.DeepEqual(got, want) {
			t.Errorf("%s is read as\n%+v, want\n%+v", raw, got, want)
		}
		var through struct{ Data any }
		through.Data = &rest.Loosely{Out: &got}
		if err := json.Unmarshal([]byte(`{"data":`+raw+`}`), &through); err != nil {
			t.Errorf("through package json, %s: %v", raw, err)
		}
	}
	var one string
	if err := rest.Decode([]byte(`100`), &one); err != nil || one != "100" {
		t.Errorf("a number for a string: %q, %v", one, err)
	}
	if err := rest.Decode([]byte(`null`), new([]shape)); err != nil {
		t.Error(err)
	}
}

func TestDecodeRefuses(t *testing.T) {
	for raw, want := range map[string]string{
		`{"rows":[{"n":1},{"n":"many"}]}`:       `rows.1.n: "many" is not a number`,
		`{"count":{"a":1}}`:                     `count: an object is not a number`,
		`{"count":"NaN"}`:                       `count: "NaN" is not a number`,
		`{"count":1e300}`:                       `count: 1e300 is not a number`,
		`{"flag":"maybe"}`:                      `flag: "maybe" is not a boolean`,
		`{"rows":{"a":1}}`:                      `rows: an object is not a list`,
		`{"nested":"up"}`:                       `nested: a string is not an object`,
		`{"map":[1]}`:                           `map: a list is not an object`,
		`{"rights":{"/vms":5}}`:                 `rights./vms: a number or boolean is not an object`,
		`<html>`:                                `invalid character`,
		``:                                      `unexpected end`,
		`"` + strings.Repeat("long ", 30) + `"`: `a string is not an object`,
	} {
		err := rest.Decode([]byte(raw), new(shape))
		if err == nil || !strings.Contains(err.Error(), want) || len(err.Error()) > 100 {
			t.Errorf("%s: %v, want %s", raw, err, want)
		}
	}
	if rest.Decode([]byte(`1`), 5) == nil || rest.Decode([]byte(`1`), (*int)(nil)) == nil {
		t.Error("it reads into what is no pointer")
	}
}

// FuzzDecode: what is no JSON is refused, and what package json reads is read alike.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"text":5,"count":"5"}`, `{"rows":[{"n":1}],"flag":"yes"}`, `[[[]]]`, `{"list":["a"],"map":{"a":{"b":[1,null]}}}`, `{"count":1e999}`, "null", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		err := rest.Decode([]byte(raw), new(shape))
		if err == nil && !json.Valid([]byte(raw)) {
			t.Errorf("%q is no JSON and was read", raw)
		}
		type plain struct {
			Text  string   `json:"text"`
			Count int64    `json:"count"`
			Flag  bool     `json:"flag"`
			List  []string `json:"list"`
		}
		var strict, loose plain
		// Package json takes "TEXT" for "text" and leaves what null stands for as it was.
		if strings.ToLower(raw) != raw || strings.Contains(raw, "null") || json.Unmarshal([]byte(raw), &strict) != nil {
			return
		}
		err = rest.Decode([]byte(raw), &loose)
		same := strict.Text == loose.Text && strict.Count == loose.Count && strict.Flag == loose.Flag && slices.Equal(strict.List, loose.List)
		if err != nil || !same {
			t.Errorf("%q is read as %+v, %v; by package json as %+v", raw, loose, err, strict)
		}
	})
}
