package e2e

import (
	"encoding/csv"
	"net/http"
	"strings"
)

// The sign-ins of a second town, whose season asks the sponsor of associations first and two people for every decision.
const (
	townCode     = "990103"
	townFiler    = "haidong-shetuan@yanshi.example"
	townSponsor  = "haidong-zhuguan@yanshi.example"
	townApprover = "haidong-fuhe@yanshi.example"
)

const townSeasons = `authority: "990103"
report_year: 2025
types: [TYPES]
registered_by: 2025-12-31
opens_on: 2026-01-14
due_on: 2026-05-31
`

// town is what was done in it.
type town struct {
	proposed string // the submission that waits for an approver
}

// found makes the town: an association's report is with its sponsor, a service organisation's waits for an approver.
func (d *demonstration) found() {
	d.t.Helper()
	ctx, dir, p := d.t.Context(), d.t.TempDir(), d.server.place
	p.must(d.t, "authorities", "import", writeFile(d.t, dir, "authorities.csv", "code,name,level,parent\n"+townCode+",试验市海东区民政局,county,990100\n"))
	for types, rules := range map[string]string{"association": "sponsor_step: {due_on: 2026-05-10}\n", "service, foundation": "four_eyes: true\n"} {
		p.must(d.t, "seasons", "import", writeFile(d.t, dir, "season.yaml", strings.Replace(townSeasons, "TYPES", types, 1)+rules))
	}
	register := p.must(d.t, "sample", "organisations", "--count", "12", "--seed", "3", "--authority", townCode)
	p.must(d.t, "organisations", "import", writeFile(d.t, dir, "organisations.csv", register))
	rows, err := csv.NewReader(strings.NewReader(register)).ReadAll()
	if err != nil {
		d.t.Fatal(err)
	}
	chosen := map[string]organisation{}
	for _, cells := range rows[1:] {
		if o := read(rows[0], cells); o.active && o.registered < "2025" && (o.kind != "association" || o.row["sponsor"] != "") {
			chosen[o.kind] = o
		}
	}
	for kind, path := range map[string]string{"association": "/reports/2025/sponsor-request", "service": "/reports/2025/submissions"} {
		body := p.must(d.t, "sample", "report", "--organisation", chosen[kind].uscc, "--year", "2025")
		got, err := d.token("filer", "--organisation", chosen[kind].uscc).call(ctx, http.MethodPost, path, []byte(body), "Idempotency-Key", "1")
		if err == nil {
			err = got.want(http.StatusCreated, nil)
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
	reviewer := d.token("reviewer", "--authority", townCode, "--name", "海东审查")
	var queue struct{ Items []matterOf }
	if err := reviewer.get(ctx, "/reviews?status=pending", &queue); err != nil || len(queue.Items) != 1 {
		d.t.Fatalf("the town's queue: %v %+v", err, queue)
	}
	d.town.proposed = queue.Items[0].SubmissionID
	decision := map[string]any{"outcome": "pass", "opinion": "符合要求。"}
	if err := reviewer.post(ctx, "/reviews/"+d.town.proposed+"/decision", decision, http.StatusOK, nil); err != nil {
		d.t.Fatal(err)
	}
	newTab := func() *tab { return d.browser.tab(d.t, d.server.url) }
	activate(d.t, newTab(), d.invite("filer", "--organisation", chosen["association"].uscc, townFiler), d.password)
	activate(d.t, newTab(), d.invite("approver", "--authority", townCode, townApprover), d.password)
	activate(d.t, newTab(), invite(d.t, p, "sponsor", "--authority", townCode, townSponsor, "--sponsor", chosen["association"].row["sponsor"]), d.password)
}
