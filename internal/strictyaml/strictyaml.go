// Package strictyaml reads YAML that people wrote: unknown keys are errors, and so is
// whatever the library behind it cannot get through. It knows no file and no shape; where
// an error stands is in the error, see yaml.Error.
package strictyaml

import (
	"bytes"
	"errors"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// errBeyond stands for a panic of the library. Those that are known come of a tag or an
// anchor with no value behind it, where a list or a map belongs.
var errBeyond = errors.New("it is no YAML that can be read: look for a tag (!) or an anchor (&) without a value")

// Decode reads one document into a value; io.EOF where there is none.
func Decode(text []byte, into any) (err error) {
	defer contain(&err)
	return yaml.NewDecoder(bytes.NewReader(text), yaml.Strict()).Decode(into)
}

// Parse reads the tree, whose nodes know where they stand.
func Parse(text []byte) (_ *ast.File, err error) {
	defer contain(&err)
	return parser.ParseBytes(text, 0)
}

// contain makes an error of a panic.
func contain(err *error) {
	if recover() != nil {
		*err = errBeyond
	}
}
