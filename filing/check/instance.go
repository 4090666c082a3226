package check

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// costLimit bounds one evaluation; a whole report costs a few thousand. An
// expression over a table grows with its rows, and a body is at most 2 MB.
const costLimit = 2_000_000

// instance is one check on one form for one member of each of its families. Its
// programs are made when it first runs, its words when it first finds something.
type instance struct {
	def  *definition
	bind bindings
	home *formChecks

	once    sync.Once
	err     error
	rows    string // table whose rows are looked at, "" for none
	vars    map[string]*variable
	when    cel.Program // nil: always
	expect  cel.Program
	needs   []*variable // what must be filled for the check to run
	figures []figure    // what takes part, for the finding's keys
	keys    []string    // instead of figures, where the check says so

	wordsOnce sync.Once
	wordsErr  error
	message   *template
	remedy    *template
}

// figure is one place that takes part: a variable, or a column of a table.
type figure struct {
	variable *variable
	column   string
}

// prepare compiles the conditions once.
func (i *instance) prepare() error {
	i.once.Do(func() { i.err = i.locked(i.compile) })
	return i.err
}

// words compiles the message and the remedy once.
func (i *instance) words() error {
	i.wordsOnce.Do(func() { i.wordsErr = i.locked(i.compileWords) })
	return i.wordsErr
}

func (i *instance) locked(compile func(compiler) error) error {
	i.home.mu.Lock()
	defer i.home.mu.Unlock()
	rows, err := i.bind.expression(i.def.Rows)
	if err != nil {
		return fmt.Errorf("%s: %s: rows: %w", i.def.where, i.def.Code, err)
	}
	env, vars, err := i.home.language(rows)
	if err == nil {
		err = compile(compiler{env: env, vars: vars, bind: i.bind, rows: rows})
	}
	if err != nil {
		return fmt.Errorf("%s: %s: %w", i.def.where, i.def.Code, err)
	}
	return nil
}

func (i *instance) compile(c compiler) (err error) {
	i.vars, i.rows = c.vars, c.rows
	var used, asked []figure
	if i.expect, used, err = c.condition(i.def.Expect); err != nil {
		return fmt.Errorf("expect: %w", err)
	}
	if i.def.When != "" {
		if i.when, asked, err = c.condition(i.def.When); err != nil {
			return fmt.Errorf("when: %w", err)
		}
	}
	if err := i.bindNeeds(append(slices.Clone(used), asked...)); err != nil {
		return err
	}
	return i.bindKeys(used)
}

func (i *instance) compileWords(c compiler) (err error) {
	if i.message, err = c.template(i.def.Message); err != nil {
		return fmt.Errorf("message: %w", err)
	}
	if i.remedy, err = c.template(i.def.Remedy); err != nil {
		return fmt.Errorf("remedy: %w", err)
	}
	return nil
}

// bindNeeds keeps the variables that must be filled: all but those that may be
// blank and those that are always there.
func (i *instance) bindNeeds(used []figure) error {
	blank := map[string]bool{}
	for _, src := range i.def.Blank {
		name, err := i.bind.expression(src)
		if err != nil {
			return fmt.Errorf("blank: %w", err)
		}
		if i.vars[name] == nil {
			return fmt.Errorf("blank: %s is not in form %s", name, i.home.form.Code)
		}
		blank[name] = true
	}
	for _, u := range used {
		if !blank[u.variable.name] && !slices.Contains(i.needs, u.variable) {
			i.needs = append(i.needs, u.variable)
		}
	}
	return nil
}

func (i *instance) bindKeys(used []figure) error {
	for _, src := range i.def.Keys {
		key, err := i.bind.expression(src)
		if err != nil {
			return fmt.Errorf("keys: %w", err)
		}
		if _, ok := i.home.form.Field(key); !ok {
			return fmt.Errorf("keys: %s is not in form %s", key, i.home.form.Code)
		}
		i.keys = append(i.keys, key)
	}
	i.figures = used
	return nil
}

// run evaluates the instance and appends what it finds.
func (i *instance) run(a *activation, findings []Finding) ([]Finding, int, error) {
	if err := i.prepare(); err != nil {
		return findings, 0, err
	}
	a.vars, a.row, a.no = i.vars, nil, 0
	if i.rows == "" {
		return i.look(a, findings)
	}
	rows, _ := a.in.Values.Rows(i.rows)
	evaluated := 0
	for no, row := range rows {
		a.row, a.no = row, no
		var n int
		var err error
		if findings, n, err = i.look(a, findings); err != nil {
			return findings, evaluated, err
		}
		evaluated += n
	}
	return findings, evaluated, nil
}

// look evaluates once. The count tells whether the check applied, which the tests
// of the examples ask.
func (i *instance) look(a *activation, findings []Finding) ([]Finding, int, error) {
	for _, v := range i.needs {
		if _, filled := a.value(v); !filled {
			return findings, 0, nil
		}
	}
	good, err := true, error(nil)
	if i.when != nil {
		applies, whenErr := holds(i.when, a)
		if whenErr == nil && !applies {
			return findings, 0, nil
		}
		err = whenErr
	}
	if err == nil {
		good, err = holds(i.expect, a)
	}
	if err == nil && good {
		return findings, 1, nil
	}
	f := Finding{Check: i.def.Code, Severity: i.def.Severity, Keys: i.findingKeys(a), Basis: i.def.Basis}
	if err != nil {
		f.Message = "有关数字过大或者内容异常，无法核对：" + i.def.Code + "。"
		f.Remedy = "核对有关数字是否多填了位数、填错了单位。"
		return append(findings, f), 1, nil //nolint:nilerr // the finding says it: an uncomputable figure is the filer's matter
	}
	if err := i.words(); err != nil {
		return findings, 1, err
	}
	f.Message = i.message.render(a)
	f.Remedy = i.remedy.render(a)
	return append(findings, f), 1, nil
}

var errNotBool = errors.New("not true or false")

func holds(p cel.Program, a *activation) (bool, error) {
	out, _, err := p.Eval(a)
	if err != nil {
		return false, fmt.Errorf("evaluate: %w", err)
	}
	b, ok := out.(types.Bool)
	if !ok {
		return false, errNotBool
	}
	return bool(b), nil
}

func (i *instance) findingKeys(a *activation) []string {
	if len(i.keys) > 0 {
		return slices.Clone(i.keys)
	}
	keys := make([]string, 0, len(i.figures))
	for _, f := range i.figures {
		key := f.variable.reportKey(i.rows, a.no)
		if key != "" && f.column != "" {
			key += "." + f.column
		}
		if key != "" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// compiler turns the sources of one instance into programs.
type compiler struct {
	env  *cel.Env
	vars map[string]*variable
	bind bindings
	rows string
}

// condition compiles an expression that must be true or false.
func (c compiler) condition(src string) (cel.Program, []figure, error) {
	p, out, used, err := c.program(src)
	if err == nil && !out.IsExactType(cel.BoolType) {
		err = fmt.Errorf("is %s, must be true or false", out)
	}
	return p, used, err
}

func (c compiler) program(src string) (cel.Program, *cel.Type, []figure, error) {
	src, err := c.bind.expression(src)
	if err != nil {
		return nil, nil, nil, err
	}
	checked, issues := c.env.Compile(src)
	if issues.Err() != nil {
		return nil, nil, nil, fmt.Errorf("%q: %w", src, issues.Err())
	}
	used, err := c.figures(checked)
	if err != nil {
		return nil, nil, nil, err
	}
	p, err := c.env.Program(checked, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, nil, nil, fmt.Errorf("%q: %w", src, err)
	}
	return p, checked.OutputType(), used, nil
}

// figures lists what an expression reads, in the order in which it names it, and
// checks the columns that table functions name.
func (c compiler) figures(checked *cel.Ast) ([]figure, error) {
	var used []figure
	var fault error
	consumed := map[int64]bool{} // tables already listed with their column
	ast.PreOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.IdentKind:
			if v := c.vars[e.AsIdent()]; v != nil && !consumed[e.ID()] {
				used = append(used, figure{variable: v})
			}
		case ast.CallKind:
			call := e.AsCall()
			if !tableFunctions[call.FunctionName()] {
				return
			}
			table, column := call.Args()[0], call.Args()[1]
			if table.Kind() != ast.IdentKind || column.Kind() != ast.LiteralKind || c.vars[table.AsIdent()] == nil {
				fault = fmt.Errorf("%s takes the key of a table and the name of a column", call.FunctionName())
				return
			}
			v := c.vars[table.AsIdent()]
			name, _ := column.AsLiteral().Value().(string)
			if _, ok := v.field.Column(name); !ok {
				fault = fmt.Errorf("table %s has no column %s", v.name, name)
			}
			consumed[table.ID()] = true
			used = append(used, figure{variable: v, column: name})
		}
	}))
	return used, fault
}
