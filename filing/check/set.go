package check

import (
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"

	"nianbao/filing/form"
)

//go:embed data
var embedded embed.FS

// Set is all checks that the program knows: one generation for each generation of
// forms, old ones included, so that a report of an earlier year is checked by the
// rules of its year.
type Set struct {
	generations map[string]*generation // by form code
	versions    map[string]string      // by form code

	mu    sync.Mutex
	bound map[*form.Form]*formChecks
}

// formChecks are the checks of one form, bound to its definition.
type formChecks struct {
	form      *form.Form
	instances []*instance
	positions map[string]int // key → place in the form

	mu        sync.Mutex // guards what follows, and compiling
	env       *cel.Env
	vars      map[string]*variable
	rowEnvs   map[string]*cel.Env
	rowScopes map[string]map[string]*variable
}

// Default is the set that the program carries. Its expressions are compiled when
// they first run; that all of them compile is pinned by a test, so an error here
// means a broken build.
var Default = sync.OnceValues(func() (*Set, error) {
	data, err := fs.Sub(embedded, "data")
	if err != nil {
		return nil, fmt.Errorf("open the embedded checks: %w", err)
	}
	return read(data)
})

// Load reads check data, one directory for each generation, and refuses all that
// is wrong with it, with file and line: unknown entries, a code used twice, a
// missing remedy, basis or example, an expression that does not compile, a key
// that is not in the form.
func Load(fsys fs.FS, forms *form.Set) (*Set, error) {
	s, err := read(fsys)
	if err != nil {
		return nil, err
	}
	return s, s.Validate(forms)
}

func read(fsys fs.FS) (*Set, error) {
	s := &Set{generations: map[string]*generation{}, versions: map[string]string{}, bound: map[*form.Form]*formChecks{}}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("list check data: %w", err)
	}
	for _, e := range entries {
		g, err := readGeneration(fsys, e.Name())
		if err != nil {
			return nil, err
		}
		version, err := versionOf(fsys, g)
		if err != nil {
			return nil, err
		}
		for _, code := range g.manifest.Forms {
			if other := s.generations[code]; other != nil {
				return nil, fmt.Errorf("%s and %s both check form %s", other.dir, g.dir, code)
			}
			s.generations[code], s.versions[code] = g, version
		}
	}
	if len(s.generations) == 0 {
		return nil, errors.New("check data: no generation of checks found")
	}
	return s, nil
}

// versionOf joins the declared version and the first eight hex digits of a hash
// over the files, so that two sets with different rules never share a version.
func versionOf(fsys fs.FS, g *generation) (string, error) {
	h := sha256.New()
	for _, name := range append([]string{"set"}, g.manifest.Files...) {
		raw, err := fs.ReadFile(fsys, path.Join(g.dir, name+".yaml"))
		if err != nil {
			return "", fmt.Errorf("read check data: %w", err)
		}
		fmt.Fprintf(h, "%s %d\n", name, len(raw))
		h.Write(raw)
	}
	return g.manifest.Version + "-" + hex.EncodeToString(h.Sum(nil))[:8], nil
}

// Version names the checks that a form is checked with, such as 2004.1-3f9a1c2b;
// it is stored with each submission. "" means that no checks are known for it.
func (s *Set) Version(formCode string) string { return s.versions[formCode] }

// Validate compiles every check on every form it applies to and reports all
// faults. It is for tests and for whoever edits the data; a run compiles what it
// needs.
func (s *Set) Validate(forms *form.Set) error {
	var faults []error
	for _, code := range slices.Sorted(maps.Keys(s.generations)) {
		f, err := forms.Form(code)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s/set.yaml: %w", s.generations[code].dir, err))
			continue
		}
		checks, err := s.bind(f)
		if err != nil {
			faults = append(faults, err)
			continue
		}
		for _, i := range checks.instances {
			if err := cmp.Or(i.prepare(), i.words()); err != nil {
				faults = append(faults, err)
			}
		}
	}
	return errors.Join(faults...)
}

// Run checks one report. The findings come in the order of the form, errors and
// warnings mixed, and are the same for the same input; nil means none. An error
// means broken check data or a form without checks, never a bad report.
func (s *Set) Run(in Input) ([]Finding, error) {
	findings, _, err := s.run(&in)
	return findings, err
}

// run also counts how often each check applied, by code.
func (s *Set) run(in *Input) ([]Finding, map[string]int, error) {
	checks, err := s.bind(in.Form)
	if err != nil {
		return nil, nil, err
	}
	findings := fieldFindings(in)
	a := &activation{in: in}
	var applied map[string]int
	if in.countApplied {
		applied = map[string]int{}
	}
	for _, i := range checks.instances {
		var n int
		if findings, n, err = i.run(a, findings); err != nil {
			return nil, nil, fmt.Errorf("check report on form %s: %w", in.Form.Code, err)
		}
		if applied != nil {
			applied[i.def.Code] += n
		}
	}
	slices.SortStableFunc(findings, func(x, y Finding) int {
		return cmp.Compare(checks.position(x), checks.position(y))
	})
	return findings, applied, nil
}

// position is where a finding stands in the form: at the first of its keys.
// What names no field of the form comes first.
func (c *formChecks) position(f Finding) int {
	first := len(c.positions)
	known := false
	for _, key := range f.Keys {
		at, ok := c.positions[key]
		if !ok {
			at, ok = c.positions[fieldKey(key)]
		}
		if ok {
			known, first = true, min(first, at)
		}
	}
	if !known {
		return -1
	}
	return first
}

// bind gives the checks of a form, expanded once.
func (s *Set) bind(f *form.Form) (*formChecks, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if checks := s.bound[f]; checks != nil {
		return checks, nil
	}
	g := s.generations[f.Code]
	if g == nil {
		return nil, fmt.Errorf("no checks for form %s", f.Code)
	}
	checks := &formChecks{
		form: f, positions: map[string]int{},
		rowEnvs: map[string]*cel.Env{}, rowScopes: map[string]map[string]*variable{},
	}
	for i, field := range f.ValueFields() {
		checks.positions[field.Key] = i
	}
	for _, file := range g.files {
		for _, d := range file.Checks {
			if !slices.Contains(d.Forms, f.Code) {
				continue
			}
			instances, err := d.expand(g, f)
			if err != nil {
				return nil, fmt.Errorf("%s: %s: %w", d.where, d.Code, err)
			}
			for _, i := range instances {
				i.home = checks
			}
			checks.instances = append(checks.instances, instances...)
		}
	}
	s.bound[f] = checks
	return checks, nil
}

// language is the environment for a check: the form's, with row. where the check
// looks at the rows of a table. The caller holds mu.
func (c *formChecks) language(table string) (*cel.Env, map[string]*variable, error) {
	if c.env == nil {
		vars := variablesOf(c.form)
		env, err := newEnv(vars)
		if err != nil {
			return nil, nil, err
		}
		c.env, c.vars = env, vars
	}
	if table == "" {
		return c.env, c.vars, nil
	}
	if c.rowEnvs[table] == nil {
		field, ok := c.form.Field(table)
		if !ok || field.Kind != form.KindTable {
			return nil, nil, fmt.Errorf("rows: form %s has no table %s", c.form.Code, table)
		}
		vars := withRows(c.vars, field)
		env, err := newEnv(vars)
		if err != nil {
			return nil, nil, err
		}
		c.rowEnvs[table], c.rowScopes[table] = env, vars
	}
	return c.rowEnvs[table], c.rowScopes[table], nil
}
