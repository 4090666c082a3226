package check

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"

	"nianbao/filing/form"
)

// scope says where the value of a variable comes from.
type scope int

const (
	scopeReport scope = iota // the report itself
	scopePrior               // last year's accepted report: prior.KEY
	scopeRow                 // the row that is looked at: row.COLUMN
	scopeFacts               // the register: org.FACT
	scopeRun                 // year, today, opens_on, first_year
)

// variable is one name an expression may use.
type variable struct {
	name  string
	scope scope
	key   string // key of values, column of a row, name of a fact
	part  string // part of a table-row, else ""
	kind  form.Kind
	field *form.Field // nil for facts and the run's own
	typ   *cel.Type
}

// celType is how a kind of value looks in an expression: figures are whole
// numbers (fen, hundredths of a percent), dates and options are text.
func celType(k form.Kind) *cel.Type {
	switch k.Base() {
	case form.KindMoney, form.KindPercent, form.KindNumber, form.KindYear:
		return cel.IntType
	case form.KindMultiChoice:
		return cel.ListType(cel.StringType)
	case form.KindTable:
		return tableType
	default:
		return cel.StringType
	}
}

// zero is what a blank variable counts as where a check allows blanks.
func (v *variable) zero() any {
	switch v.kind.Base() {
	case form.KindMoney, form.KindPercent, form.KindNumber, form.KindYear:
		return int64(0)
	case form.KindMultiChoice:
		return []string{}
	case form.KindTable:
		return []map[string]any{}
	case kindFlag:
		return false
	default:
		return ""
	}
}

// fits tells whether a decoded value is of the variable's type, so that an
// expression never meets another one, whatever the values hold.
func (v *variable) fits(value any) bool {
	switch value.(type) {
	case int64:
		return v.typ == cel.IntType
	case string:
		return v.typ == cel.StringType
	case bool:
		return v.typ == cel.BoolType
	case []string:
		return v.kind == form.KindMultiChoice
	case []map[string]any:
		return v.kind == form.KindTable
	default:
		return false
	}
}

// kindFlag is the kind of the facts and run variables that are true or false.
const kindFlag form.Kind = "flag"

var factVariables = map[string]form.Kind{
	"uscc": form.KindText, "name": form.KindText, "registration_no": form.KindText,
	"legal_representative": form.KindText, "domicile": form.KindText, "business_scope": form.KindText,
	"sponsor": form.KindText, "contact_name": form.KindText, "contact_phone": form.KindText,
	"registered_capital": form.KindMoney, "registered_on": form.KindDate,
	"charity": kindFlag, "public_fundraising": kindFlag,
}

var runVariables = map[string]form.Kind{
	"year": form.KindYear, "today": form.KindDate, "opens_on": form.KindDate, "first_year": kindFlag,
}

// fact is the register's fact of that name, false where it does not know it.
func fact(f *Facts, name string) (any, bool) {
	text := func(s string) (any, bool) { return s, s != "" }
	switch name {
	case "uscc":
		return text(f.USCC)
	case "name":
		return text(f.Name)
	case "registration_no":
		return text(f.RegistrationNo)
	case "legal_representative":
		return text(f.LegalRepresentative)
	case "domicile":
		return text(f.Domicile)
	case "business_scope":
		return text(f.BusinessScope)
	case "sponsor":
		return text(f.Sponsor)
	case "contact_name":
		return text(f.ContactName)
	case "contact_phone":
		return text(f.ContactPhone)
	case "registered_capital":
		if f.RegisteredCapital == nil {
			return nil, false
		}
		return int64(*f.RegisteredCapital), true
	case "registered_on":
		return f.RegisteredOn.String(), !f.RegisteredOn.IsZero()
	case "charity":
		return f.Charity, true
	case "public_fundraising":
		return f.PublicFundraising, true
	}
	return nil, false
}

// variablesOf collects the variables of a form: every value under its key, last
// year's under prior., the register's facts under org.
func variablesOf(f *form.Form) map[string]*variable {
	vars := map[string]*variable{}
	add := func(v *variable) {
		v.typ = celType(v.kind)
		if v.kind == kindFlag {
			v.typ = cel.BoolType
		}
		vars[v.name] = v
	}
	addBoth := func(key, part string, field *form.Field) {
		name := key
		if part != "" {
			name += "." + part
		}
		add(&variable{name: name, scope: scopeReport, key: key, part: part, kind: field.Kind, field: field})
		add(&variable{name: "prior." + name, scope: scopePrior, key: key, part: part, kind: field.Kind, field: field})
	}
	for _, field := range f.ValueFields() {
		if field.Kind != form.KindTableRow {
			addBoth(field.Key, "", field)
			continue
		}
		for _, part := range field.Columns {
			addBoth(field.Key, part.Key, part)
		}
	}
	for name, kind := range factVariables {
		add(&variable{name: "org." + name, scope: scopeFacts, key: name, kind: kind})
	}
	for name, kind := range runVariables {
		add(&variable{name: name, scope: scopeRun, key: name, kind: kind})
	}
	return vars
}

// withRows adds the columns of a table as row.COLUMN, and the row's number,
// counted from 1, as row.no.
func withRows(vars map[string]*variable, table *form.Field) map[string]*variable {
	all := make(map[string]*variable, len(vars)+len(table.Columns)+1)
	for name, v := range vars {
		all[name] = v
	}
	for _, c := range table.Columns {
		name := "row." + c.Key
		all[name] = &variable{name: name, scope: scopeRow, key: c.Key, kind: c.Kind, field: c, typ: celType(c.Kind)}
	}
	all["row.no"] = &variable{name: "row.no", scope: scopeRow, key: rowNumber, kind: form.KindNumber, typ: cel.IntType}
	return all
}

const rowNumber = "#no" // no column can be called this

// newEnv is the language of the checks on one form.
func newEnv(vars map[string]*variable) (*cel.Env, error) {
	opts := append(functions(),
		cel.ExpressionNodeLimit(2000),
		cel.ExpressionNestingDepthLimit(64),
		cel.RegexProgramSizeLimit(500))
	for name, v := range vars {
		opts = append(opts, cel.Variable(name, v.typ))
	}
	env, err := cel.NewEnv(opts...)
	if err != nil {
		return nil, fmt.Errorf("set up the language of the checks: %w", err)
	}
	return env, nil
}

// reportKey is the key that a finding names for a variable, "" if it is none of
// the report's own.
func (v *variable) reportKey(table string, row int) string {
	switch v.scope {
	case scopeReport:
		return v.name
	case scopeRow:
		if v.key != rowNumber {
			return fmt.Sprintf("%s[%d].%s", table, row, v.key)
		}
	}
	return ""
}

// plainKey is the key of the table that a finding's key lies in, or the key itself.
func plainKey(key string) string {
	if open := strings.IndexByte(key, '['); open >= 0 {
		return key[:open]
	}
	return key
}

// fieldKey is the key of the field of values that a finding's key lies in: a
// table for one of its columns, a table-row for one of its parts.
func fieldKey(key string) string {
	key = plainKey(key)
	if dot := strings.IndexByte(key, '.'); dot >= 0 {
		return key[:dot]
	}
	return key
}
