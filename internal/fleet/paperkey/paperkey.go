// Package paperkey prints a vault's encryption key for the client's safe: as a QR
// code and as text, with what somebody needs who has nothing else left. It is in
// French, since the client keeps it.
//
// It keeps no copy: whoever asks for a paper key gets one, and the audit says so.
package paperkey

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"github.com/go-fonts/liberation/liberationmonoregular"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"rsc.io/qr"

	"codeberg.org/accolade/accolade/internal/secret"
)

// Key is what stands on the paper.
type Key struct {
	Box       string
	Client    string // name as people know it; empty: none yet
	Vault     string // name of the vault
	URL       string // of the vault
	Datastore string
	Namespace string
	Text      secret.Value // the key in Proxmox's JSON
	Printed   time.Time    // in the zone in which it is shown
}

const (
	left, width = 20.0, 170.0 // mm
	qrSize      = 78.0        // mm: a phone reads it, and a bad printer prints it
)

// Render draws the paper: one page A4.
func Render(k Key) ([]byte, error) {
	var readable bytes.Buffer
	if err := json.Indent(&readable, []byte(k.Text.Reveal()), "", "  "); err != nil {
		return nil, fmt.Errorf("the key of box %s is no JSON", k.Box) // without the key itself
	}
	code, err := qr.Encode(k.Text.Reveal(), qr.Q)
	if err != nil {
		return nil, fmt.Errorf("paper key of box %s: %w", k.Box, err)
	}
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.AddUTF8FontFromBytes("sans", "", liberationsansregular.TTF)
	pdf.AddUTF8FontFromBytes("sans", "B", liberationsansbold.TTF)
	pdf.AddUTF8FontFromBytes("mono", "", liberationmonoregular.TTF)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetMargins(left, 18, left)
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(k.Printed)
	pdf.SetModificationDate(k.Printed)
	pdf.SetTitle("Clé de sauvegarde "+k.Box, true)
	pdf.SetCreator("Accolade", true)
	pdf.SetLang("fr-FR")
	pdf.AddPage()
	p := page{pdf}
	p.head(k)
	p.facts(k)
	p.code(code)
	p.text(readable.String())
	p.howTo(k)
	var out bytes.Buffer
	if err := pdf.Output(&out); err != nil {
		return nil, fmt.Errorf("paper key of box %s: %w", k.Box, err)
	}
	return out.Bytes(), nil
}

type page struct{ *fpdf.Fpdf }

func (p page) head(k Key) {
	p.SetFont("sans", "B", 18)
	p.CellFormat(width, 9, "Clé de chiffrement des sauvegardes", "", 1, "L", false, 0, "")
	p.SetFont("sans", "", 11)
	for _, line := range []string{k.Client, "Imprimée le " + k.Printed.Format("02/01/2006 à 15:04")} {
		if line != "" {
			p.CellFormat(width, 6, line, "", 1, "L", false, 0, "")
		}
	}
	p.Ln(2)
	p.SetFillColor(255, 244, 214)
	p.SetFont("sans", "B", 10)
	p.MultiCell(width, 5.5, "À garder dans un coffre. Sans cette clé, les sauvegardes distantes ne peuvent plus être lues, par personne. Avec elle, quiconque a accès au dépôt peut les lire.", "", "L", true)
	p.Ln(3)
}

func (p page) facts(k Key) {
	for _, f := range [][2]string{
		{"Serveur", k.Box},
		{"Dépôt", fmt.Sprintf("%s (%s)", k.Vault, k.URL)},
		{"Datastore", k.Datastore},
		{"Espace de noms", k.Namespace},
	} {
		p.SetFont("sans", "B", 10)
		p.CellFormat(38, 5.5, f[0], "", 0, "L", false, 0, "")
		p.SetFont("sans", "", 10)
		p.CellFormat(width-38, 5.5, f[1], "", 1, "L", false, 0, "")
	}
	p.Ln(4)
}

// code draws the QR code as filled squares, black runs in one piece.
func (p page) code(c *qr.Code) {
	const quiet = 4 // modules of white around, as the norm wants
	unit := qrSize / float64(c.Size+2*quiet)
	x0, y0 := left+(width-qrSize)/2+quiet*unit, p.GetY()+quiet*unit
	p.SetFillColor(0, 0, 0)
	for y := range c.Size {
		for x := 0; x < c.Size; x++ {
			run := 0
			for x+run < c.Size && c.Black(x+run, y) {
				run++
			}
			if run > 0 {
				p.Rect(x0+float64(x)*unit, y0+float64(y)*unit, float64(run)*unit, unit, "F")
				x += run
			}
		}
	}
	p.SetY(p.GetY() + qrSize + 2)
}

// text frames the key. A line is set smaller rather than broken: a break inside a
// quoted string would no longer be JSON.
func (p page) text(json string) {
	lines := strings.Split(json, "\n")
	p.SetDrawColor(160, 160, 160)
	p.Rect(left, p.GetY(), width, 5*float64(len(lines))+2, "D")
	p.Ln(1)
	for _, line := range lines {
		size := 9.5
		p.SetFont("mono", "", size)
		if w := p.GetStringWidth(line); w > width-4 {
			size *= (width - 4) / w
		}
		p.SetFont("mono", "", size)
		p.CellFormat(width, 5, line, "", 1, "L", false, 0, "")
	}
	p.Ln(5)
}

func (p page) howTo(k Key) {
	p.SetFont("sans", "B", 10)
	p.CellFormat(width, 6, "Pour restaurer sans Accolade", "", 1, "L", false, 0, "")
	p.SetFont("sans", "", 9.5)
	p.MultiCell(width, 5, strings.Join([]string{
		"1. Lire le code QR (ou recopier le texte encadré, c'est la même clé) dans un fichier cle.json.",
		"2. Sur un Proxmox VE : Datacenter, Stockage, Ajouter, Proxmox Backup Server ; serveur, datastore et espace de noms ci-dessus ; onglet « Chiffrement » : « Téléverser une clé existante », cle.json.",
		"3. Choisir la sauvegarde dans ce stockage, puis « Restaurer ».",
	}, "\n"), "", "L", false)
}
