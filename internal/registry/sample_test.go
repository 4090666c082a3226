package registry

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sampleCSV(t testing.TB, opts SampleOptions) []byte {
	t.Helper()
	organisations, err := Sample(opts)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := WriteSampleCSV(&out, organisations); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestSampleSameArgumentsSameBytes(t *testing.T) {
	opts := SampleOptions{Count: 300, Seed: 7, Authority: "440100"}
	first := sampleCSV(t, opts)
	if !bytes.Equal(first, sampleCSV(t, opts)) {
		t.Error("the same arguments give other bytes")
	}
	opts.Seed = 8
	if bytes.Equal(first, sampleCSV(t, opts)) {
		t.Error("another seed gives the same bytes")
	}
	opts.Seed, opts.Count = 7, 100
	if !bytes.HasPrefix(first, sampleCSV(t, opts)) {
		t.Error("a larger sample does not begin with the smaller one")
	}
}

// TestSampleIsFrozen pins the bytes: scripts rely on them from one version of
// the program to the next.
func TestSampleIsFrozen(t *testing.T) {
	lines := strings.Split(string(sampleCSV(t, SampleOptions{Count: 3, Seed: 1, Authority: "440100"})), "\n")
	want := "uscc,name,type,registered_on,authority,status,legal_representative,registered_capital,business_scope," +
		"registration_no,domicile,district,postcode,contact_name,contact_phone,contact_email,sponsor,charity," +
		"public_fundraising,electronic_service"
	if lines[0] != want {
		t.Errorf("header %s", lines[0])
	}
	if !strings.HasPrefix(lines[1], "51440100MJG69ELG6X,试验市") || len(lines) != 5 || lines[4] != "" {
		t.Errorf("sample:\n%s", strings.Join(lines, "\n"))
	}
}

func TestSampleIsValidAndUnique(t *testing.T) {
	const count = 30_000
	organisations, err := Sample(SampleOptions{Count: count, Seed: 3, Authority: "440106"})
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	unique := func(kind, value string) {
		if seen[kind+value] {
			t.Fatalf("the %s %s comes twice", kind, value)
		}
		seen[kind+value] = true
	}
	rare, sponsored, charities := 0, 0, 0
	for i, o := range organisations {
		if _, err := ParseUSCC(string(o.USCC)); err != nil {
			t.Fatalf("%s: %v", o.USCC, err)
		}
		if o.Type != Types()[i%3] || o.USCC.Type() != o.Type || o.USCC.AreaCode() != "440106" || !o.ElectronicService {
			t.Fatalf("organisation %d: %+v", i, o)
		}
		if y := o.RegisteredOn.Year(); y < 1995 || y > 2017 {
			t.Fatalf("registered in %d", y)
		}
		if !strings.HasSuffix(o.ContactEmail, ".example") || emailFault(o.ContactEmail) != "" {
			t.Fatalf("address %s", o.ContactEmail)
		}
		if !strings.Contains(o.Domicile, o.District) || o.PublicFundraising && !o.Charity {
			t.Fatalf("organisation %d does not fit together: %+v", i, o)
		}
		unique("code", string(o.USCC))
		unique("name", o.Name)
		unique("address", o.ContactEmail)
		if strings.ContainsAny(o.Name, "𬭎㛃龘〇") {
			rare++
		}
		if o.Sponsor != "" {
			sponsored++
		}
		if o.Charity {
			charities++
		}
		for _, c := range columns {
			if c.key != "sponsor" && c.get(&o) == "" {
				t.Fatalf("organisation %d has no %s", i, c.key)
			}
		}
	}
	if rare == 0 || rare > count/15 {
		t.Errorf("%d names have rare characters", rare)
	}
	if sponsored < count/2 || sponsored > count*3/4 || charities < count/3 || charities > count/2 {
		t.Errorf("%d sponsored, %d charities of %d", sponsored, charities, count)
	}
}

func TestSampleRefuses(t *testing.T) {
	for _, opts := range []SampleOptions{
		{Count: -1, Authority: "440100"}, {Count: MaxSampleCount + 1, Authority: "440100"}, {Count: 1, Authority: "4401"},
		{Count: 1, Authority: "44010A"}, {Count: 1},
	} {
		if _, err := Sample(opts); err == nil {
			t.Errorf("Sample(%+v) was made", opts)
		}
	}
	if organisations, err := Sample(SampleOptions{Authority: "440100"}); err != nil || len(organisations) != 0 {
		t.Errorf("an empty sample: %v, %v", organisations, err)
	}
}

// TestSampleReadsBack: the import takes every row of a sample as it was made.
func TestSampleReadsBack(t *testing.T) {
	opts := SampleOptions{Count: 500, Seed: 5, Authority: "440100"}
	want, err := Sample(opts)
	if err != nil {
		t.Fatal(err)
	}
	file, err := readOrganisations(bytes.NewReader(sampleCSV(t, opts)), []Authority{{Code: "440100"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(file.refused) > 0 {
		t.Errorf("refused: %v", file.refused[0])
	}
	if diff := cmp.Diff(want, file.good); diff != "" {
		t.Errorf("read back (-want +got):\n%s", diff)
	}
}
