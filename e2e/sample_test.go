package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nianbao/filing/form"
	"nianbao/internal/money"
	"nianbao/internal/workday"
)

// sampleReport is the body that `sample report` prints for the organisation of report year 2018, made here since a
// process for each of thousands of reports takes long; TestSampleReport compares the two.
func sampleReport(o organisation, seed int) ([]byte, error) {
	forms, err := form.Default()
	if err != nil {
		return nil, err
	}
	reportForm, err := forms.Form(o.kind + "-2004")
	if err != nil {
		return nil, err
	}
	registered, err := workday.ParseDate(o.registered)
	if err != nil {
		return nil, err
	}
	capital, err := money.Parse(o.row["registered_capital"])
	if err != nil {
		return nil, err
	}
	return reportForm.Encode(reportForm.Sample(form.SampleOptions{
		Organisation: form.Organisation{
			USCC: o.uscc, Name: o.row["name"], RegistrationNo: o.row["registration_no"],
			LegalRepresentative: o.row["legal_representative"], Domicile: o.row["domicile"],
			BusinessScope: o.row["business_scope"], Sponsor: o.row["sponsor"],
			ContactName: o.row["contact_name"], ContactPhone: o.row["contact_phone"], RegisteredCapital: &capital,
			RegisteredOn: registered, Charity: o.row["charity"] == "yes", PublicFundraising: o.row["public_fundraising"] == "yes",
		},
		Year: 2018, OpensOn: workday.NewDate(2019, 1, 14), Seed: uint64(seed),
		Context: form.Context{FirstYear: registered.Year() >= 2018},
	}))
}

func trimmed(s string) string { return strings.TrimSpace(s) }

func sha256Hex(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func pemTypes(content []byte) []string {
	var types []string
	for {
		var block *pem.Block
		if block, content = pem.Decode(content); block == nil {
			return types
		}
		types = append(types, block.Type)
	}
}

func writeFile(t testing.TB, dir, name, content string) string {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
