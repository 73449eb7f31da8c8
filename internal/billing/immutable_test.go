package billing_test

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"

	"codeberg.org/accolade/accolade/internal/billing"
	"codeberg.org/accolade/accolade/internal/calendar"
	"codeberg.org/accolade/accolade/internal/contract"
	"codeberg.org/accolade/accolade/internal/money"
	"codeberg.org/accolade/accolade/internal/store"
)

// TestNothingIssuedChanges calls every method of the service that changes something (it
// takes an Actor), each with the numbers and IDs of all that there is, and wants what was
// issued to be what it was: content, hash, XML and paper. A method that is new is called
// too.
func TestNothingIssuedChanges(t *testing.T) {
	f := newFirm(t)
	f.bills.XML = func(inv billing.Invoice) ([]byte, error) { return json.Marshal(inv) }
	f.client("Kerlann", "classic", "2026-09-01", 3)
	f.advance(100_00)
	f.pay(120_00, "FA2026-0001")
	_, err := f.bills.AddExtra(anne, billing.Extra{Contract: "kerlann-1", Kind: billing.Charge, Text: "Écran", Net: 10_00}, false)
	f.must(err)
	f.at("2026-10-02")
	f.finalise("2026-09")
	rate := money.Rate(2000)
	f.credit(billing.CreditInput{Invoice: "F2026-0001", Reason: "geste", Amounts: []billing.CreditAmount{{Net: 1_00, Text: "Geste", Rate: &rate}}})
	issued := []string{"F2026-0001", "FA2026-0001", "A2026-0001"}
	before := f.issued(issued)
	f.at("2026-10-05")

	service, actor := reflect.TypeFor[*billing.Service](), reflect.TypeFor[contract.Actor]()
	called := 0
	for m := range service.NumMethod() {
		method := service.Method(m)
		writes := false
		for i := range method.Type.NumIn() {
			writes = writes || method.Type.In(i) == actor
		}
		if !writes {
			continue
		}
		called++
		for _, name := range append(issued, "kerlann", "kerlann-1", "X0001", "P000001", "2026-09") {
			f.call(method, name)
			for number, was := range before {
				if is := f.issued([]string{number})[number]; is != was {
					t.Fatalf("%s(%s) changed %s:\nwas %s\nis  %s", method.Name, name, number, was, is)
				}
			}
		}
	}
	if called < 20 {
		t.Errorf("%d methods change something, want the 20 and more that there are", called)
	}
}

// issued is what there is of documents, by number.
func (f *firm) issued(numbers []string) map[string]string {
	f.Helper()
	all := map[string]string{}
	for _, number := range numbers {
		inv, hash, err := f.bills.Invoice(number)
		f.must(err)
		xml, err := f.bills.ForMachines(number)
		f.must(err)
		paper, err := f.bills.Paper(number)
		f.must(err)
		all[number] = fmt.Sprintf("%s %d %s %s %s", hash, inv.Total, inv.Date, xml, paper)
	}
	return all
}

// call calls a method with one name for every text that it takes; what it answers does
// not matter.
func (f *firm) call(method reflect.Method, name string) {
	tx := reflect.TypeFor[store.Tx]()
	in := func(tx store.Tx) []reflect.Value {
		values := []reflect.Value{reflect.ValueOf(f.bills)}
		for i := 1; i < method.Type.NumIn(); i++ {
			values = append(values, f.argument(method.Type.In(i), name, tx))
		}
		return values
	}
	if method.Type.NumIn() > 1 && method.Type.In(1) == tx {
		_ = f.db.Update(func(tx store.Tx) error {
			out := method.Func.Call(in(tx))
			err, _ := out[len(out)-1].Interface().(error)
			return err
		})
		return
	}
	method.Func.Call(in(nil))
}

// argument is a value of a type, with the name in every text.
func (f *firm) argument(of reflect.Type, name string, tx store.Tx) reflect.Value {
	switch of {
	case reflect.TypeFor[contract.Actor]():
		return reflect.ValueOf(anne)
	case reflect.TypeFor[store.Tx]():
		return reflect.ValueOf(&tx).Elem()
	case reflect.TypeFor[io.Reader]():
		return reflect.ValueOf(strings.NewReader(name))
	case reflect.TypeFor[calendar.Date]():
		return reflect.ValueOf(f.bills.Today())
	case reflect.TypeFor[calendar.Month]():
		return reflect.ValueOf(f.month("2026-09"))
	}
	v := reflect.New(of).Elem()
	switch of.Kind() {
	case reflect.String:
		v.SetString(name)
	case reflect.Int64, reflect.Int:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Slice:
		v.Set(reflect.Append(v, f.argument(of.Elem(), name, tx)))
	case reflect.Struct:
		for i := range of.NumField() {
			if field := of.Field(i); field.IsExported() {
				v.Field(i).Set(f.argument(field.Type, name, tx))
			}
		}
	}
	return v
}
