package workbook

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"

	"nianbao/filing/form"
	"nianbao/internal/xlsx"
)

// Sheets that are for the program.
const (
	stampSheet  = "_nianbao"
	optionSheet = "_options"
)

// stampFormat names the layout of workbooks of ours; another layout is another word.
const stampFormat = "nianbao-workbook-1"

// stamp says what a workbook of ours is for, and what the draft held when it was
// downloaded.
type stamp struct {
	format, form, version, year, uscc, name string
	part                                    Part
	base                                    map[string]string // digest by key
}

func newStamp(r Report, part Part) stamp {
	s := stamp{format: stampFormat, form: r.Form.Code, version: strconv.Itoa(r.Form.Version), year: strconv.Itoa(r.Year),
		uscc: r.USCC, name: r.Name, part: part, base: map[string]string{}}
	for _, f := range r.Form.ValueFields() {
		if !f.Computed() {
			s.base[f.Key] = BaseDigest(r.Form, f, r.Values[f.Key])
		}
	}
	return s
}

// lines are the stamp's rows in its sheet.
func (s stamp) lines(f *form.Form) [][]any {
	lines := [][]any{{"format", s.format}, {"form", s.form}, {"version", s.version}, {"year", s.year}, {"uscc", s.uscc},
		{"name", s.name}, {"part", string(s.part)}}
	for _, field := range f.ValueFields() {
		if d, ok := s.base[field.Key]; ok {
			lines = append(lines, []any{"base", field.Key, d})
		}
	}
	return lines
}

// readStamp finds the stamp; ok is false for a workbook that is none of ours.
func readStamp(book *xlsx.Book) (s stamp, ok bool) {
	sheet, ok := book.Sheet(stampSheet)
	if !ok {
		return stamp{}, false
	}
	s.base = map[string]string{}
	rows := grid(sheet)
	for _, row := range rows {
		value := row.text(2)
		switch row.text(1) {
		case "format":
			s.format = value
		case "form":
			s.form = value
		case "version":
			s.version = value
		case "year":
			s.year = value
		case "uscc":
			s.uscc = value
		case "name":
			s.name = value
		case "part":
			s.part = Part(value)
		case "base":
			s.base[value] = row.text(3)
		}
	}
	return s, true
}

// fits refuses a workbook that was made for something else.
func (s stamp) fits(r Report) error {
	again := "请在本页重新下载工作簿，把内容复制过去后再上传。"
	switch {
	case s.format != stampFormat:
		return refuse(CodeWrongTemplate, "这份工作簿是用别的版本的系统下载的，不能读取。%s", again)
	case s.form != r.Form.Code || s.version != strconv.Itoa(r.Form.Version):
		return refuse(CodeWrongTemplate, "这份工作簿是按别的报告表（%s，第 %s 版）下载的，本年度用的是“%s”（%s，第 %d 版）。%s",
			s.form, s.version, r.Form.Title, r.Form.Code, r.Form.Version, again)
	case s.uscc != r.USCC:
		return refuse(CodeWrongOrganisation, "这份工作簿是为“%s”（%s）下载的，不是你单位的。请核对选择的文件。", s.name, s.uscc)
	case s.year != strconv.Itoa(r.Year):
		return refuse(CodeWrongYear, "这份工作簿是 %s 年度的，现在填写的是 %d 年度报告。请核对选择的文件，或者在本页重新下载。", s.year, r.Year)
	}
	return nil
}

// BaseDigest is what a workbook remembers of a field's value in the draft, for a
// Reading's Base.
func BaseDigest(f *form.Form, field *form.Field, value any) string {
	return digest(f, field, normal(field, value))
}

// digestLength is enough to tell one value of a field from another.
const digestLength = 8

// digest tells one value of a field from another; blank is "".
func digest(f *form.Form, field *form.Field, value any) string {
	if value == nil {
		return ""
	}
	body, err := f.Encode(form.Values{field.Key: value})
	if err != nil {
		return "-" // no such value can be stored, so it equals none
	}
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:digestLength])
}
