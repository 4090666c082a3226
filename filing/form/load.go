package form

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// rawForm and its parts mirror the form file; any other key is refused.
type rawForm struct {
	Form       string                 `yaml:"form"`
	Version    int                    `yaml:"version"`
	Type       string                 `yaml:"type"`
	Title      string                 `yaml:"title"`
	Accounting string                 `yaml:"accounting"`
	Options    map[string][]Option    `yaml:"options"`
	Columns    map[string][]rawColumn `yaml:"columns"`
	Sections   []rawSection           `yaml:"sections"`
}

type rawColumn struct {
	Key     string `yaml:"key"`
	Label   string `yaml:"label"`
	When    string `yaml:"when"`
	Formula string `yaml:"formula"`
}

type rawSection struct {
	Code       string     `yaml:"code"`
	Title      string     `yaml:"title"`
	Kind       string     `yaml:"kind"`
	Visibility string     `yaml:"visibility"`
	When       string     `yaml:"when"`
	Note       string     `yaml:"note"`
	Carry      bool       `yaml:"carry"`
	Fields     []rawField `yaml:"fields"`
}

type rawField struct {
	Key        string     `yaml:"key"`
	Label      string     `yaml:"label"`
	Kind       string     `yaml:"kind"`
	Unit       string     `yaml:"unit"`
	Line       string     `yaml:"line"`
	Formula    string     `yaml:"formula"`
	Cells      string     `yaml:"cells"`
	Options    string     `yaml:"options"`
	Required   bool       `yaml:"required"`
	Carry      bool       `yaml:"carry"`
	MinRows    int        `yaml:"min_rows"`
	MaxRows    int        `yaml:"max_rows"`
	MaxLen     int        `yaml:"max_len"`
	Decimals   int        `yaml:"decimals"`
	Min        string     `yaml:"min"`
	Max        string     `yaml:"max"`
	Visibility string     `yaml:"visibility"`
	When       string     `yaml:"when"`
	Help       string     `yaml:"help"`
	Example    string     `yaml:"example"`
	Columns    []rawField `yaml:"columns"`
}

// DefaultMaxRows is the row limit of a table that states none.
const DefaultMaxRows = 500

var (
	codePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*-\d{4}$`)
	keyPattern  = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
)

// loader builds one form and turns every fault into an error with file, line
// and column.
type loader struct {
	name string
	file *ast.File
	raw  rawForm
	form *Form
}

// Parse reads one form file; name is used in errors, which read
// "name:line:column: what is wrong".
func Parse(name string, data []byte) (*Form, error) {
	file, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(file.Docs) != 1 || file.Docs[0].Body == nil {
		return nil, fmt.Errorf("%s: the file is empty or holds several documents", name)
	}
	l := &loader{name: name, file: file}
	if err := yaml.NodeToValue(file.Docs[0].Body, &l.raw, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if err := l.build(); err != nil {
		return nil, err
	}
	return l.form, nil
}

// fail is an error at the place that the path (after "$.") names.
func (l *loader) fail(at, format string, args ...any) error {
	message := fmt.Sprintf(format, args...)
	path, err := yaml.PathString("$." + at)
	if err != nil {
		return fmt.Errorf("%s: %s: %s", l.name, at, message)
	}
	node, err := path.FilterFile(l.file)
	if err != nil || node == nil {
		return fmt.Errorf("%s: %s: %s", l.name, at, message)
	}
	position := node.GetToken().Position
	return fmt.Errorf("%s:%d:%d: %s", l.name, position.Line, position.Column, message)
}

func (l *loader) build() error {
	if err := l.head(); err != nil {
		return err
	}
	l.form = &Form{
		Code: l.raw.Form, Version: l.raw.Version, Type: l.raw.Type, Title: l.raw.Title, Accounting: l.raw.Accounting,
		fields: map[string]*Field{}, values: map[string]*Field{},
	}
	seen := map[string]bool{}
	for i := range l.raw.Sections {
		raw, at := &l.raw.Sections[i], fmt.Sprintf("sections[%d]", i)
		if seen[raw.Code] {
			return l.fail(at+".code", "section %q stands twice", raw.Code)
		}
		seen[raw.Code] = true
		if err := l.section(raw, at); err != nil {
			return err
		}
	}
	if err := l.resolve(); err != nil {
		return err
	}
	schema, err := l.form.buildSchema()
	if err != nil {
		return fmt.Errorf("%s: build the JSON schema: %w", l.name, err)
	}
	l.form.schema = schema
	return nil
}

func (l *loader) head() error {
	switch {
	case !codePattern.MatchString(l.raw.Form):
		return l.fail("form", "form code %q is not of the shape name-year", l.raw.Form)
	case l.raw.Version < 1:
		return l.fail("version", "version must be 1 or more")
	case !slices.Contains([]string{"association", "service", "foundation"}, l.raw.Type):
		return l.fail("type", "unknown type %q", l.raw.Type)
	case l.raw.Title == "":
		return l.fail("title", "the form has no title")
	case len(l.raw.Sections) == 0:
		return l.fail("sections", "the form has no sections")
	}
	for name, options := range l.raw.Options {
		if err := l.optionSet(name, options); err != nil {
			return err
		}
	}
	for name, columns := range l.raw.Columns {
		if len(columns) == 0 {
			return l.fail("columns."+name, "column set %q is empty", name)
		}
		for i, c := range columns {
			if !keyPattern.MatchString(c.Key) || c.Label == "" {
				return l.fail(fmt.Sprintf("columns.%s[%d]", name, i), "column %q has no proper key or no label", c.Key)
			}
		}
	}
	return nil
}

func (l *loader) optionSet(name string, options []Option) error {
	if len(options) == 0 {
		return l.fail("options."+name, "option set %q is empty", name)
	}
	seen := map[string]bool{}
	for i, o := range options {
		at := fmt.Sprintf("options.%s[%d]", name, i)
		switch {
		case !keyPattern.MatchString(o.Code):
			return l.fail(at, "option code %q is not lower snake case", o.Code)
		case o.Label == "":
			return l.fail(at, "option %q has no label", o.Code)
		case seen[o.Code]:
			return l.fail(at, "option %q stands twice in %q", o.Code, name)
		}
		seen[o.Code] = true
	}
	return nil
}

func (l *loader) section(raw *rawSection, at string) error {
	section := &Section{Code: raw.Code, Title: raw.Title, Note: raw.Note, Carry: raw.Carry, Kind: SectionKind(raw.Kind)}
	kinds := []SectionKind{SectionFields, SectionBalanceSheet, SectionActivities, SectionCashFlow}
	switch {
	case !keyPattern.MatchString(raw.Code):
		return l.fail(at, "section code %q is not lower snake case", raw.Code)
	case raw.Title == "":
		return l.fail(at, "section %q has no title", raw.Code)
	case !slices.Contains(kinds, section.Kind):
		return l.fail(at, "section %q: unknown kind %q", raw.Code, raw.Kind)
	case len(raw.Fields) == 0:
		return l.fail(at, "section %q has no fields", raw.Code)
	}
	visibility, err := visibilityOf(raw.Visibility, "")
	if err != nil {
		return l.fail(at, "section %q: %v", raw.Code, err)
	}
	for i := range raw.Fields {
		place := place{section: section, at: fmt.Sprintf("%s.fields[%d]", at, i), visibility: visibility}
		field, err := l.field(&raw.Fields[i], place)
		if err != nil {
			return err
		}
		section.Fields = append(section.Fields, field)
		if err := l.index(field, place.at); err != nil {
			return err
		}
	}
	l.form.Sections = append(l.form.Sections, section)
	return nil
}

func visibilityOf(word string, inherited Visibility) (Visibility, error) {
	if word == "" && inherited != "" {
		return inherited, nil
	}
	v := Visibility(word)
	if v != Public && v != Restricted && v != Secret {
		return "", fmt.Errorf("visibility %q is none of public, restricted, secret", word)
	}
	return v, nil
}

// index enters a field under the keys by which it is found.
func (l *loader) index(f *Field, at string) error {
	add := func(into map[string]*Field, key string, field *Field) error {
		if _, twice := into[key]; twice {
			return l.fail(at, "key %q stands twice", key)
		}
		into[key] = field
		return nil
	}
	if err := add(l.form.fields, f.Key, f); err != nil {
		return err
	}
	for _, c := range f.Columns {
		if err := add(l.form.fields, f.Key+"."+c.Key, c); err != nil {
			return err
		}
	}
	entries := f.cells
	if len(f.Cells) == 0 {
		entries = []*Field{f}
	}
	for _, c := range entries {
		if c != f {
			if err := add(l.form.fields, c.Key, c); err != nil {
				return err
			}
		}
		l.form.values[c.Key] = c
		l.form.order = append(l.form.order, c)
	}
	return nil
}
