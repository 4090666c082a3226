package check

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
)

// generation is one directory of check data: the checks for one generation of
// forms. Once reports have been checked with it, it is never edited in meaning; a
// new year with other rules is a new directory.
type generation struct {
	dir      string
	manifest manifest
	families map[string]family
	files    []*file
}

// manifest is set.yaml of a generation.
type manifest struct {
	Version  string        `yaml:"version"`  // declared by the authors, such as "2004.1"
	Forms    []string      `yaml:"forms"`    // codes of the forms it is for
	Files    []string      `yaml:"files"`    // the groups, in the order in which checks run
	Families yaml.MapSlice `yaml:"families"` // name → members
}

// family is a list of stand-ins, so that one check covers every column of a
// statement or every line of it.
type family []member

// member is one stand-in. An empty label means: the label of the field of that key.
type member struct {
	value string
	label string
}

// file is one group of checks.
type file struct {
	name   string
	Group  string        `yaml:"group"` // Chinese title of the group
	Forms  []string      `yaml:"forms"` // the forms its checks apply to unless a check says otherwise
	Checks []*definition `yaml:"checks"`
}

// definition is one check as it is written down.
type definition struct {
	checkFields
	where string // file and line, for errors
}

type checkFields struct {
	Code     string        `yaml:"code"`
	Severity Severity      `yaml:"severity"`
	Forms    []string      `yaml:"forms"`
	Each     yaml.MapSlice `yaml:"each"`    // stand-in → family
	Rows     string        `yaml:"rows"`    // table whose rows are looked at one by one
	Blank    []string      `yaml:"blank"`   // keys that count as 0, "" or no rows where they are not filled
	When     string        `yaml:"when"`    // CEL; false skips the check
	Let      yaml.MapSlice `yaml:"let"`     // stand-in → CEL expression
	Expect   string        `yaml:"expect"`  // CEL; true for a good report
	Keys     []string      `yaml:"keys"`    // replaces the keys taken from expect
	Message  string        `yaml:"message"` // template
	Remedy   string        `yaml:"remedy"`  // template
	Basis    string        `yaml:"basis"`
	Passes   *Example      `yaml:"passes"`
	Fails    *Example      `yaml:"fails"`
}

// Example is a small change to a complete, correct report that shows what a check
// lets pass or what it finds.
type Example struct {
	Form    string         `yaml:"form"`    // the form it is shown on; the check's first if blank
	Set     map[string]any `yaml:"set"`     // values as they are sent
	Drop    []string       `yaml:"drop"`    // keys taken out
	Prior   map[string]any `yaml:"prior"`   // changes to last year's accepted report
	Org     map[string]any `yaml:"org"`     // changes to the register's facts
	Year    int            `yaml:"year"`    // report year, if another
	Message string         `yaml:"message"` // what the failing example is told
	Keys    []string       `yaml:"keys"`    // the keys it names; not compared if left out
	Times   int            `yaml:"times"`   // how often the check finds something, 1 if left out
	Also    []string       `yaml:"also"`    // codes of other checks that find something too
}

// UnmarshalYAML decodes strictly and keeps the position.
func (d *definition) UnmarshalYAML(node ast.Node) error {
	if err := yaml.NodeToValue(node, &d.checkFields, yaml.Strict()); err != nil {
		return err
	}
	d.where = fmt.Sprint(node.GetToken().Position.Line)
	return nil
}

var (
	codePattern = regexp.MustCompile(`^[A-Z][A-Z0-9]*(-[A-Z0-9]+)+$`)
	namePattern = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// readGeneration reads one directory and refuses what is wrong in itself; whether
// keys stand in a form and expressions compile is seen when it is bound to one.
func readGeneration(fsys fs.FS, dir string) (*generation, error) {
	g := &generation{dir: dir, families: map[string]family{}}
	if err := readYAML(fsys, path.Join(dir, "set.yaml"), &g.manifest); err != nil {
		return nil, err
	}
	if g.manifest.Version == "" || len(g.manifest.Forms) == 0 {
		return nil, fmt.Errorf("%s/set.yaml: version and forms must be given", dir)
	}
	for _, item := range g.manifest.Families {
		name := fmt.Sprint(item.Key)
		members, err := readFamily(item.Value)
		if err != nil {
			return nil, fmt.Errorf("%s/set.yaml: family %s: %w", dir, name, err)
		}
		g.families[name] = members
	}
	if err := g.readFiles(fsys); err != nil {
		return nil, err
	}
	return g, g.refuseFaults()
}

func (g *generation) readFiles(fsys fs.FS) error {
	found, err := fs.Glob(fsys, path.Join(g.dir, "*.yaml"))
	if err != nil {
		return fmt.Errorf("list %s: %w", g.dir, err)
	}
	for _, name := range found {
		base := strings.TrimSuffix(path.Base(name), ".yaml")
		if base != "set" && !slices.Contains(g.manifest.Files, base) {
			return fmt.Errorf("%s/set.yaml: files does not name %s.yaml", g.dir, base)
		}
	}
	for _, base := range g.manifest.Files {
		f := &file{name: path.Join(g.dir, base+".yaml")}
		if err := readYAML(fsys, f.name, f); err != nil {
			return err
		}
		for _, d := range f.Checks {
			d.where = f.name + ":" + d.where
			if len(d.Forms) == 0 {
				d.Forms = f.Forms
			}
		}
		g.files = append(g.files, f)
	}
	return nil
}

func readYAML(fsys fs.FS, name string, into any) error {
	raw, err := fs.ReadFile(fsys, name)
	if err != nil {
		return fmt.Errorf("read check data: %w", err)
	}
	if err := yaml.UnmarshalWithOptions(raw, into, yaml.Strict(), yaml.UseOrderedMap()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// readFamily takes a list of keys, or a map of stand-in → label.
func readFamily(v any) (family, error) {
	var f family
	switch v := v.(type) {
	case []any:
		for _, m := range v {
			f = append(f, member{value: fmt.Sprint(m)})
		}
	case yaml.MapSlice:
		for _, m := range v {
			f = append(f, member{value: fmt.Sprint(m.Key), label: fmt.Sprint(m.Value)})
		}
	}
	if len(f) == 0 {
		return nil, errors.New("must be a list of keys or a map of members and labels")
	}
	return f, nil
}

// refuseFaults finds what needs no form: codes used twice on one form (a code may
// have one definition for each form, where the forms ask in different ways), parts
// that lack.
func (g *generation) refuseFaults() error {
	seen := map[string]string{}
	var faults []error
	for _, f := range g.files {
		for _, d := range f.Checks {
			for _, formCode := range d.Forms {
				use := d.Code + " on " + formCode
				if first, twice := seen[use]; twice {
					faults = append(faults, fmt.Errorf("%s: code %s is already used at %s", d.where, use, first))
				}
				seen[use] = d.where
			}
			for _, fault := range d.faults(g) {
				faults = append(faults, fmt.Errorf("%s: %s: %s", d.where, d.Code, fault))
			}
		}
	}
	return errors.Join(faults...)
}

func (d *definition) faults(g *generation) []string {
	var out []string
	need := func(ok bool, what string) {
		if !ok {
			out = append(out, what)
		}
	}
	need(codePattern.MatchString(d.Code), "code must look like BS-TOTAL")
	need(d.Severity == Error || d.Severity == Warning, "severity must be error or warning")
	need(len(d.Forms) > 0, "forms must be given, here or for the file")
	for _, code := range d.Forms {
		need(slices.Contains(g.manifest.Forms, code), "form "+code+" is not one of this set")
	}
	need(strings.TrimSpace(d.Expect) != "", "expect must be given")
	need(d.Message != "", "message must be given")
	need(d.Remedy != "", "remedy must be given")
	need(d.Basis != "", "basis must be given")
	need(d.Passes != nil, "a passing example must be given")
	need(d.Fails != nil && d.Fails.Message != "", "a failing example with its message must be given")
	for _, item := range d.Each {
		_, known := g.families[fmt.Sprint(item.Value)]
		need(known, fmt.Sprintf("family %v is not in set.yaml", item.Value))
		need(namePattern.MatchString(fmt.Sprint(item.Key)), fmt.Sprintf("each: bad name %v", item.Key))
	}
	for _, item := range d.Let {
		need(namePattern.MatchString(fmt.Sprint(item.Key)), fmt.Sprintf("let: bad name %v", item.Key))
	}
	return out
}
