package e2e

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const authority = "440100"

// organisation is one row of the register file.
type organisation struct {
	uscc, kind, email string
	registered        string
	active            bool
	electronic        bool
	known             day // imported on
	row               map[string]string
}

// owes tells whether the season binds the organisation: on the register, and registered by the end of the report year.
func (o organisation) owes() bool { return o.active && o.registered <= "2018-12-31" }

func (o organisation) bound() string {
	text := "registered " + o.registered
	if !o.active {
		text += ", deregistered"
	}
	if o.known > begins {
		text += ", imported " + o.known.String()
	}
	return text
}

// mix is how many organisations of each type: Guangzhou at the end of 2021 had 3,467, 4,440 and 123.
type mix struct{ associations, services, foundations int }

var (
	guangzhou = mix{3467, 4440, 123}
	small     = mix{174, 223, 6}
)

// Beside those who owe a report.
const (
	newcomers = 5 // registered in 2019
	departed  = 3 // deregistered
	forgotten = 6 // imported in February
)

// drawRegister makes a register in the mix out of `sample organisations`, with a few more that owe nothing or come late.
func drawRegister(t testing.TB, m mix) []organisation {
	t.Helper()
	want := map[string]int{"association": m.associations, "service": m.services, "foundation": m.foundations}
	extra := newcomers + departed + forgotten
	most := max(m.associations, m.services, m.foundations) + extra
	r, err := command(t.Context(), "", "sample", "organisations", "--count", fmt.Sprint(3*most), "--seed", "2018", "--authority", authority)
	if err != nil {
		t.Fatal(err)
	}
	checkExit(t, r, 0, []string{"sample", "organisations"})
	rows, err := csv.NewReader(strings.NewReader(r.stdout)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list, spare []organisation
	for _, cells := range rows[1:] {
		o := read(rows[0], cells)
		if want[o.kind] > 0 {
			want[o.kind]--
			list = append(list, o)
		} else if len(spare) < extra {
			spare = append(spare, o)
		}
	}
	for i := range list { // some are as young as the season's rule allows
		if i%40 == 0 {
			list[i].registered = []string{"2018-12-31", "2018-06-30", "2018-01-01"}[i/40%3]
		}
	}
	return append(list, special(spare)...)
}

// special turns spare organisations into those that owe nothing, and those that the register forgot.
func special(spare []organisation) []organisation {
	for i := range spare {
		switch {
		case i < newcomers:
			spare[i].registered = []string{"2019-01-01", "2019-01-08"}[i%2]
		case i < newcomers+departed:
			spare[i].active = false
		default:
			spare[i].known = lateTaken
		}
	}
	return spare
}

func read(header, cells []string) organisation {
	row := map[string]string{}
	for i, name := range header {
		row[name] = cells[i]
	}
	return organisation{
		uscc: row["uscc"], kind: row["type"], email: row["contact_email"], registered: row["registered_on"],
		active: row["status"] == "active", electronic: row["electronic_service"] == "yes", known: begins, row: row,
	}
}

// columns in the order of the contract.
var columns = strings.Split("uscc,name,type,registered_on,authority,status,legal_representative,registered_capital,"+
	"business_scope,registration_no,domicile,district,postcode,contact_name,contact_phone,contact_email,sponsor,charity,"+
	"public_fundraising,electronic_service", ",")

// writeRegister writes the organisations of these plans as a register file.
func writeRegister(t testing.TB, plans []*plan, take func(organisation) bool) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "organisations.csv")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := csv.NewWriter(out)
	_ = w.Write(columns) // kept by the writer until Flush
	for _, p := range plans {
		if take(p.org) {
			_ = w.Write(p.org.cells())
		}
	}
	w.Flush()
	if err := w.Error(); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

func (o organisation) cells() []string {
	cells := make([]string, len(columns))
	for i, name := range columns {
		cells[i] = o.row[name]
		switch name {
		case "registered_on":
			cells[i] = o.registered
		case "status":
			if !o.active {
				cells[i] = "deregistered"
			}
		case "electronic_service":
			cells[i] = map[bool]string{true: "yes", false: "no"}[o.electronic]
		}
	}
	return cells
}
