// Command generate makes the facts tables that apispec carries from the official API
// descriptions: go run ./internal/sim/apispec/generate --shared ../shared/schema
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"codeberg.org/accolade/accolade/internal/sim/apispec"
	"codeberg.org/accolade/accolade/internal/sim/apispec/reduce"
)

func main() {
	shared := flag.String("shared", "../shared/schema", "folder of the official API descriptions")
	out := flag.String("out", "internal/sim/apispec", "folder of the tables")
	flag.Parse()
	for _, name := range apispec.Names {
		if err := generate(*shared, *out, name); err != nil {
			fmt.Fprintf(os.Stderr, "generate %s: %v\n", name, err)
			os.Exit(1)
		}
	}
}

func generate(shared, out, name string) error {
	packed, err := os.ReadFile(filepath.Join(shared, reduce.Sources[name]))
	if err != nil {
		return err
	}
	text, err := reduce.Table(name, packed)
	if err != nil {
		return err
	}
	var buf bytes.Buffer
	if err := reduce.Pack(&buf, text); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(out, name+".json.gz"), buf.Bytes(), 0o644)
}
