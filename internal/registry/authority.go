package registry

import (
	"context"
	"fmt"
	"strings"
	"time"

	"nianbao/internal/postgres"
)

// Level is an authority's place in the hierarchy.
type Level string

// The levels from the top down. A parent is of a higher level than its child;
// levels may be left out (a county under a province).
const (
	LevelMinistry Level = "ministry" // 民政部
	LevelProvince Level = "province" // 省、自治区、直辖市
	LevelCity     Level = "city"     // 设区的市、自治州
	LevelCounty   Level = "county"   // 县、区、县级市
)

// rank counts from the top: 1 is the ministry; 0 is no level.
func (l Level) rank() int {
	switch l {
	case LevelMinistry:
		return 1
	case LevelProvince:
		return 2
	case LevelCity:
		return 3
	case LevelCounty:
		return 4
	}
	return 0
}

// Label is the Chinese word for the level, the word itself if it is unknown.
func (l Level) Label() string {
	switch l {
	case LevelMinistry:
		return "部级"
	case LevelProvince:
		return "省级"
	case LevelCity:
		return "市级"
	case LevelCounty:
		return "县（区）级"
	}
	return string(l)
}

// Authority is a registration authority (登记管理机关), mostly a civil affairs
// bureau.
type Authority struct {
	// Code is the GB/T 2260 code of its area, six digits.
	Code  string `db:"code"`
	Name  string `db:"name"`
	Level Level  `db:"level"`
	// ParentCode is "" for an authority whose superior is not on the register.
	ParentCode string `db:"parent_code"`
	// NumberPrefix is 发文机关代字, which begins the numbers of its documents:
	// 试民社 in 试民社年审〔2019〕00001号.
	NumberPrefix string    `db:"number_prefix"`
	CreatedAt    time.Time `db:"created_at"`
	UpdatedAt    time.Time `db:"updated_at"`
}

const selectAuthority = `
SELECT code, name, level, coalesce(parent_code, '') AS parent_code, number_prefix, created_at, updated_at
FROM authority`

// Authorities lists every authority by code.
func Authorities(ctx context.Context, q postgres.Queryer) ([]Authority, error) {
	var authorities []Authority
	if err := q.SelectContext(ctx, &authorities, selectAuthority+` ORDER BY code`); err != nil {
		return nil, fmt.Errorf("list authorities: %w", err)
	}
	return authorities, nil
}

// AuthorityByCode is one authority, ErrNotFound if there is none.
func AuthorityByCode(ctx context.Context, q postgres.Queryer, code string) (Authority, error) {
	var authority Authority
	err := q.GetContext(ctx, &authority, selectAuthority+` WHERE code = $1`, code)
	if postgres.IsNoRows(err) {
		return Authority{}, ErrNotFound
	}
	if err != nil {
		return Authority{}, fmt.Errorf("read authority %s: %w", code, err)
	}
	return authority, nil
}

// authorityIndex finds an authority by what a register file writes.
type authorityIndex struct {
	byCode map[string]Authority
	// byName holds only names that one authority has.
	byName map[string]string
}

func newAuthorityIndex(authorities []Authority) authorityIndex {
	index := authorityIndex{byCode: make(map[string]Authority), byName: make(map[string]string)}
	shared := make(map[string]bool)
	for _, a := range authorities {
		index.byCode[a.Code] = a
		if _, taken := index.byName[a.Name]; taken {
			shared[a.Name] = true
		}
		index.byName[a.Name] = a.Code
	}
	for name := range shared {
		delete(index.byName, name)
	}
	return index
}

// code is the authority that a cell means, by code or by full name; fault is
// Chinese.
func (x authorityIndex) code(written string) (code, fault string) {
	if _, known := x.byCode[written]; known {
		return written, ""
	}
	if code, known := x.byName[written]; known {
		return code, ""
	}
	if isSixDigits(written) {
		return "", fmt.Sprintf("登记管理机关 %s 不在库中，请先导入登记管理机关", written)
	}
	return "", fmt.Sprintf("“%s”应为库中登记管理机关的 6 位代码或全称", written)
}

// bureauNames end an authority's name; what stands before is its area.
var bureauNames = []string{"民政局", "民政厅", "民政部", "行政审批局", "行政审批服务局", "社会组织管理局"}

// derivedPrefixes are the number prefixes that an authority's name suggests,
// the shortest first: the first character of each area in the name and 民社, so
// 试验市民政局 gives 试民社 and 试验市示范区民政局 gives 试示民社. The further ones
// spell out the last area, for a prefix that another authority has.
func derivedPrefixes(name string) []string {
	area := name
	for _, bureau := range bureauNames {
		area = strings.TrimSuffix(area, bureau)
	}
	units := areaUnits(area)
	if len(units) == 0 {
		return []string{"民社", name + "民社"}
	}
	initials := ""
	for _, unit := range units[:len(units)-1] {
		initials += string([]rune(unit)[:1])
	}
	last := []rune(units[len(units)-1])
	prefixes := make([]string, 0, len(last)+1)
	for n := 1; n <= len(last); n++ {
		prefixes = append(prefixes, initials+string(last[:n])+"民社")
	}
	return append(prefixes, name+"民社")
}

// areaUnits splits 试验市示范区 into 试验市 and 示范区. A first character is part
// of a name even where it is a word for an area.
func areaUnits(area string) []string {
	var units []string
	unit := []rune{}
	for _, r := range area {
		unit = append(unit, r)
		if len(unit) > 1 && strings.ContainsRune("省市区县州盟旗", r) {
			units = append(units, string(unit))
			unit = unit[:0]
		}
	}
	if len(unit) > 0 {
		units = append(units, string(unit))
	}
	return units
}
