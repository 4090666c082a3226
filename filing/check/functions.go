package check

import (
	"math/big"
	"strconv"
	"strings"
	"unicode"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"nianbao/internal/workday"
)

// Rows of a table as CEL sees them.
var tableType = cel.ListType(cel.MapType(cel.StringType, cel.DynType))

// tableFunctions take a table and the name of one of its columns; the loader
// checks that the column exists and the finding names it as a key.
var tableFunctions = map[string]bool{"total": true, "above": true}

// functions are what an expression may use beyond standard CEL. They are few and
// plain, so that an accountant can read a check:
//
//	total(table, 'column')        sum of a column over all rows, blanks count as 0
//	above(table, 'column', n)     how many rows have more than n in a column
//	percent(part, whole)          part of whole in percent, to two decimals (kind percent)
//	share(p, amount)              p percent of an amount, rounded to the fen
//	wan(n), yuan(n)               n 万元, n 元 as an amount
//	pct(n)                        n percent
//	abs(n)                        n without its sign
//	names(text)                   how many names a list such as 张三、李四 has; 无 is none
//	year_of(date)                 the calendar year of a date
//	add_years(date, n)            the same day n years later (28 February for a leap day)
func functions() []cel.EnvOption {
	i, s, t := cel.IntType, cel.StringType, tableType
	return []cel.EnvOption{
		cel.Function("total", cel.Overload("total_table", []*cel.Type{t, s}, i, cel.BinaryBinding(total))),
		cel.Function("above", cel.Overload("above_table", []*cel.Type{t, s, i}, i, cel.FunctionBinding(above))),
		cel.Function("percent", cel.Overload("percent_int", []*cel.Type{i, i}, i, cel.BinaryBinding(percent))),
		cel.Function("share", cel.Overload("share_int", []*cel.Type{i, i}, i, cel.BinaryBinding(share))),
		cel.Function("wan", cel.Overload("wan_int", []*cel.Type{i}, i, cel.UnaryBinding(times(1_000_000)))),
		cel.Function("yuan", cel.Overload("yuan_int", []*cel.Type{i}, i, cel.UnaryBinding(times(100)))),
		cel.Function("pct", cel.Overload("pct_int", []*cel.Type{i}, i, cel.UnaryBinding(times(100)))),
		cel.Function("names", cel.Overload("names_text", []*cel.Type{s}, i, cel.UnaryBinding(names))),
		cel.Function("abs", cel.Overload("abs_int", []*cel.Type{i}, i, cel.UnaryBinding(abs))),
		cel.Function("year_of", cel.Overload("year_of_date", []*cel.Type{s}, i, cel.UnaryBinding(yearOf))),
		cel.Function("add_years", cel.Overload("add_years_date", []*cel.Type{s, i}, s, cel.BinaryBinding(addYears))),
	}
}

// column calls f with each figure of a column that is filled with a number.
func column(table, name ref.Val, f func(int64)) {
	rows, _ := table.Value().([]map[string]any)
	key, _ := name.Value().(string)
	for _, row := range rows {
		if n, ok := row[key].(int64); ok {
			f(n)
		}
	}
}

func total(table, name ref.Val) ref.Val {
	var sum types.Int
	var overflow ref.Val
	column(table, name, func(n int64) {
		switch v := sum.Add(types.Int(n)).(type) {
		case types.Int:
			sum = v
		default:
			overflow = v
		}
	})
	if overflow != nil {
		return overflow
	}
	return sum
}

func above(args ...ref.Val) ref.Val {
	limit, _ := args[2].(types.Int)
	var n types.Int
	column(args[0], args[1], func(v int64) {
		if v > int64(limit) {
			n++
		}
	})
	return n
}

// times multiplies by a unit.
func times(unit types.Int) func(ref.Val) ref.Val {
	return func(n ref.Val) ref.Val {
		v, _ := n.(types.Int)
		return v.Multiply(unit)
	}
}

// names counts the names of a list that people write with 、 or commas, blanks or
// line breaks between them.
func names(list ref.Val) ref.Val {
	text, _ := list.Value().(string)
	n := types.Int(0)
	for name := range strings.FieldsFuncSeq(text, func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("、，,；;。", r)
	}) {
		if name != "无" {
			n++
		}
	}
	return n
}

// percent is part/whole in hundredths of a percent, rounded half away from zero.
func percent(part, whole ref.Val) ref.Val {
	p, _ := part.(types.Int)
	w, _ := whole.(types.Int)
	if w == 0 {
		return types.NewErr("division by zero")
	}
	return quotient(new(big.Int).Mul(big.NewInt(int64(p)), big.NewInt(10_000)), int64(w))
}

// share is the amount that hundredths of a percent of another amount make.
func share(hundredths, amount ref.Val) ref.Val {
	h, _ := hundredths.(types.Int)
	a, _ := amount.(types.Int)
	return quotient(new(big.Int).Mul(big.NewInt(int64(h)), big.NewInt(int64(a))), 10_000)
}

// quotient divides and rounds half away from zero.
func quotient(n *big.Int, by int64) ref.Val {
	d := big.NewInt(by)
	negative := n.Sign()*d.Sign() < 0
	n.Abs(n)
	d.Abs(d)
	n.Add(n.Lsh(n, 1), d)
	n.Quo(n, d.Lsh(d, 1))
	if negative {
		n.Neg(n)
	}
	if !n.IsInt64() {
		return types.NewErr("integer overflow")
	}
	return types.Int(n.Int64())
}

func abs(n ref.Val) ref.Val {
	if v, ok := n.(types.Int); ok && v < 0 {
		return v.Negate()
	}
	return n
}

func yearOf(date ref.Val) ref.Val {
	text, _ := date.Value().(string)
	head, _, _ := strings.Cut(text, "-")
	year, err := strconv.ParseInt(head, 10, 64)
	if err != nil {
		return types.NewErr("not a date: %q", text)
	}
	return types.Int(year)
}

func addYears(date, n ref.Val) ref.Val {
	text, _ := date.Value().(string)
	years, _ := n.(types.Int)
	d, err := workday.ParseDate(text)
	if err != nil || years < -9999 || years > 9999 {
		return types.NewErr("cannot add %d years to %q", int64(years), text)
	}
	day := d.Day()
	if d.Month() == 2 && day == 29 {
		day = 28
	}
	return types.String(workday.NewDate(d.Year()+int(years), d.Month(), day).String())
}
