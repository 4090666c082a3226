package workday

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// columns are the header of a calendar file; every one is needed, in any order.
var columns = []string{"date", "kind", "festival", "notice_year"}

const (
	maxFestivalRunes = 50
	// maxCalendarBytes is some thousand years of notices.
	maxCalendarBytes = 4 << 20
	byteOrderMark    = "\ufeff"
)

// RowError says which row and field of a calendar file is wrong. Reason is
// Chinese and may be shown.
type RowError struct {
	Row    int    // line in the file, the header being 1
	Field  string // "" where the whole row is meant
	Reason string
}

// Error gives row, field and reason in Chinese.
func (e *RowError) Error() string {
	if e.Field == "" {
		return fmt.Sprintf("第 %d 行：%s", e.Row, e.Reason)
	}
	return fmt.Sprintf("第 %d 行 %s：%s", e.Row, e.Field, e.Reason)
}

// ParseDays reads a calendar file: CSV in UTF-8 with the header
// date,kind,festival,notice_year. The file is taken whole or not at all; the
// first fault is a *RowError.
func ParseDays(r io.Reader) ([]Day, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxCalendarBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read calendar: %w", err)
	}
	if len(raw) > maxCalendarBytes {
		return nil, &RowError{Row: 1, Reason: "文件过大"}
	}
	raw = bytes.TrimPrefix(raw, []byte(byteOrderMark))
	if !utf8.Valid(raw) {
		return nil, &RowError{Row: 1, Reason: "文件编码不是 UTF-8"}
	}
	reader := csv.NewReader(bytes.NewReader(raw))
	reader.FieldsPerRecord = -1
	header, err := reader.Read()
	if err != nil {
		return nil, &RowError{Row: 1, Reason: "缺少表头 " + strings.Join(columns, ",")}
	}
	order, err := columnOrder(header)
	if err != nil {
		return nil, err
	}
	return parseRows(reader, order)
}

// columnOrder finds where each of columns stands in the header.
func columnOrder(header []string) ([]int, error) {
	for _, name := range header {
		if !slices.Contains(columns, name) {
			return nil, &RowError{Row: 1, Field: name, Reason: "不认识的列，应为 " + strings.Join(columns, ",")}
		}
	}
	order := make([]int, len(columns))
	for i, name := range columns {
		order[i] = slices.Index(header, name)
		if order[i] < 0 {
			return nil, &RowError{Row: 1, Field: name, Reason: "缺少这一列"}
		}
	}
	if len(header) != len(columns) {
		return nil, &RowError{Row: 1, Reason: "有重复的列"}
	}
	return order, nil
}

func parseRows(reader *csv.Reader, order []int) ([]Day, error) {
	var days []Day
	firstRow := make(map[Date]int)
	for {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return days, nil
		}
		if err != nil {
			var parseErr *csv.ParseError
			row := 0
			if errors.As(err, &parseErr) {
				row = parseErr.Line
			}
			return nil, &RowError{Row: row, Reason: "引号不配对"}
		}
		row, _ := reader.FieldPos(0)
		if len(record) != len(order) {
			return nil, &RowError{Row: row, Reason: fmt.Sprintf("应有 %d 列，实有 %d 列", len(order), len(record))}
		}
		day, field, reason := parseDay(record[order[0]], record[order[1]], record[order[2]], record[order[3]])
		if reason != "" {
			return nil, &RowError{Row: row, Field: field, Reason: reason}
		}
		if first, twice := firstRow[day.Date]; twice {
			return nil, &RowError{Row: row, Field: "date", Reason: fmt.Sprintf("与第 %d 行的日期重复", first)}
		}
		firstRow[day.Date] = row
		days = append(days, day)
	}
}

// parseDay reads one row; reason is "" if it is good.
func parseDay(date, kind, festival, noticeYear string) (day Day, field, reason string) {
	parsed, err := ParseDate(date)
	if err != nil {
		return Day{}, "date", err.Error()
	}
	year, err := strconv.Atoi(noticeYear)
	if err != nil {
		return Day{}, "notice_year", fmt.Sprintf("“%s”不是年份", noticeYear)
	}
	day = Day{Date: parsed, Kind: Kind(kind), Festival: strings.TrimSpace(festival), NoticeYear: year}
	field, reason = day.fault()
	return day, field, reason
}

// fault names the field of a day that cannot be right; reason is "" if none.
func (d Day) fault() (field, reason string) {
	switch {
	case d.Date.IsZero():
		return "date", "没有日期"
	case d.Kind != KindOff && d.Kind != KindWork:
		return "kind", fmt.Sprintf("“%s”应为 off（休息）或 work（上班）", string(d.Kind))
	case utf8.RuneCountInString(d.Festival) > maxFestivalRunes:
		return "festival", fmt.Sprintf("超过 %d 个字", maxFestivalRunes)
	case strings.ContainsFunc(d.Festival, unicode.IsControl):
		return "festival", "含有控制字符"
	case d.NoticeYear < d.Date.Year()-1 || d.NoticeYear > d.Date.Year()+1:
		return "notice_year", fmt.Sprintf("%d 与日期 %s 不相符", d.NoticeYear, d.Date)
	}
	return "", ""
}
