package xlsx

import (
	"github.com/xuri/excelize/v2"

	"codeberg.org/accolade/accolade/internal/billing/sheet"
)

// formats are the number formats of cells, in the words of the file; a spreadsheet
// shows them in its own language.
var formats = map[sheet.Form]string{
	sheet.Whole: "#,##0",
	sheet.Euros: "#,##0.00",
	sheet.Price: "#,##0.00####",
	sheet.Rate:  `0.##" %"`,
}

// shortDate is the built-in format that each spreadsheet shows as its own country does.
const shortDate = 14

// styles are the looks of cells.
type styles struct {
	header int
	of     map[sheet.Form]int // 0: none
	total  map[sheet.Form]int
}

func (s *styles) make(f *excelize.File) error {
	s.of, s.total = map[sheet.Form]int{}, map[sheet.Form]int{}
	bold := &excelize.Font{Bold: true}
	var err error
	if s.header, err = f.NewStyle(&excelize.Style{Font: bold}); err != nil {
		return err
	}
	if s.of[sheet.Day], err = f.NewStyle(&excelize.Style{NumFmt: shortDate}); err != nil {
		return err
	}
	for _, form := range []sheet.Form{sheet.Whole, sheet.Euros, sheet.Price, sheet.Rate} {
		format := formats[form]
		if s.of[form], err = f.NewStyle(&excelize.Style{CustomNumFmt: &format}); err != nil {
			return err
		}
		if s.total[form], err = f.NewStyle(&excelize.Style{CustomNumFmt: &format, Font: bold, Border: []excelize.Border{{Type: "top", Style: 1, Color: "000000"}}}); err != nil {
			return err
		}
	}
	return nil
}
