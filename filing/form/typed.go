package form

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"nianbao/internal/money"
)

// ParseTyped reads what a person typed into one field of a page or a cell of a
// spreadsheet. Separators, spaces, full-width signs and a unit written behind are
// accepted. Nothing typed is nil. The problem is Chinese, "" if there is none. A
// choice is its code; tables and what has parts are not read here.
func (f *Field) ParseTyped(text string) (value any, problem string) {
	text = clean(f, text)
	if text == "" {
		return nil, ""
	}
	switch f.Kind.Base() {
	case KindMoney, KindPercent:
		return parseFigure(f, text)
	case KindNumber, KindYear:
		if f.Decimals > 0 {
			return parseFigure(f, text)
		}
		return parseCount(f, text)
	case KindDate:
		return parseDay(f, text)
	case KindChoice:
		if _, ok := f.OptionLabel(text); !ok {
			return nil, fmt.Sprintf("“%s”没有这个选项，请重新选择", f.Label)
		}
	}
	return text, ""
}

// clean brings a text to the one way in which it is stored: NFC, trimmed, line
// breaks as \n in long texts and none elsewhere, without the invisible signs
// that come along when text is pasted.
func clean(f *Field, text string) string {
	long := f.Kind == KindLongText
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' && long, r == '\t' && long:
			return r
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text)
	text = strings.TrimSpace(norm.NFC.String(text))
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
		return "" // nothing to see, which the form takes for blank
	}
	return text
}

// figureSigns turns what stands for digits and signs into the plain ones.
var figureSigns = strings.NewReplacer(",", "", "，", "", " ", "", "\u00a0", "", "\u3000", "", "−", "-", "－", "-", "–", "-", "．", ".", "。", ".")

func plainFigure(f *Field, text string) string {
	text = figureSigns.Replace(norm.NFKC.String(text))
	text = strings.ReplaceAll(text, ",", "")
	for _, unit := range []string{f.Unit, "%", "元"} {
		if unit != "" {
			text = strings.TrimSuffix(text, unit)
		}
	}
	negative := strings.HasPrefix(text, "-")
	text = strings.TrimLeft(strings.TrimPrefix(text, "-"), "0")
	if text == "" || text[0] == '.' {
		text = "0" + text
	}
	text = strings.TrimSuffix(text, ".")
	if negative {
		text = "-" + text
	}
	return text
}

func parseFigure(f *Field, text string) (any, string) {
	plain := plainFigure(f, text)
	fen, err := money.Parse(plain)
	if err != nil || !strings.ContainsAny(text, "0123456789０１２３４５６７８９") {
		return nil, fmt.Sprintf("“%s”要填数字，最多两位小数，例如 %s", f.Label, exampleOf(f))
	}
	return int64(fen), ""
}

func exampleOf(f *Field) string {
	if f.Kind.Base() == KindMoney {
		return "1,234.50"
	}
	return "12.50"
}

// maxCountDigits is what the report body's decoder takes.
const maxCountDigits = 13

func parseCount(f *Field, text string) (any, string) {
	plain := plainFigure(f, text)
	n, err := strconv.ParseInt(plain, 10, 64)
	if err != nil || len(strings.TrimPrefix(plain, "-")) > maxCountDigits || !strings.ContainsAny(text, "0123456789０１２３４５６７８９") {
		return nil, fmt.Sprintf("“%s”要填整数", f.Label)
	}
	if f.Kind == KindYear && (n < 1000 || n > 9999) {
		return nil, fmt.Sprintf("“%s”要填四位数的年份，例如 2018", f.Label)
	}
	return n, ""
}

// dayLayouts are the ways in which people write a day.
var dayLayouts = []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102"}

func parseDay(f *Field, text string) (any, string) {
	plain := strings.ReplaceAll(norm.NFKC.String(text), " ", "")
	for _, layout := range dayLayouts {
		if day, err := time.Parse(layout, plain); err == nil && day.Year() > 0 {
			return day.Format(time.DateOnly), ""
		}
	}
	return nil, fmt.Sprintf("“%s”要填日历上有的日期，例如 2018-12-31", f.Label)
}
