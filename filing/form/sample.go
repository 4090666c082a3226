package form

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"

	"nianbao/internal/money"
	"nianbao/internal/workday"
)

// Organisation is what the register knows of the organisation that a report is
// for. Blank facts are unknown; a sample makes something up for them.
type Organisation struct {
	USCC                string
	Name                string
	RegistrationNo      string
	LegalRepresentative string
	Domicile            string
	Postcode            string
	BusinessScope       string
	Sponsor             string
	ContactName         string
	ContactPhone        string
	ContactEmail        string
	RegisteredCapital   *money.Fen
	RegisteredOn        workday.Date
	Charity             bool
	PublicFundraising   bool
}

// SampleOptions say for whom and for which year a sample is made.
type SampleOptions struct {
	Organisation Organisation
	Year         int          // the report year
	OpensOn      workday.Date // of the season; zero: the sample is dated on the last day of the year
	Seed         uint64
	Prior        Values // last year's accepted report, nil if there is none
	Context      Context
}

// Sample makes a complete report that brings no finding: figures that add up
// and agree between statements, opening figures from the prior report, every
// statement subtotal, the net-asset transfer and the government-purchase memo
// other than zero. Its dates lie in the year or on the opening day, births and
// the founding aside. The same options give the same values.
func (f *Form) Sample(o SampleOptions) Values {
	if o.OpensOn.IsZero() {
		o.OpensOn = workday.NewDate(o.Year, 12, 31)
	}
	seed := sha256.Sum256(fmt.Appendf(nil, "%s|%s|%d|%d", f.Code, o.Organisation.USCC, o.Year, o.Seed))
	s := &sampler{
		SampleOptions: o, form: f, values: make(Values, len(f.order)),
		rand: rand.New(rand.NewPCG(binary.BigEndian.Uint64(seed[:]), binary.BigEndian.Uint64(seed[8:]))),
	}
	s.identity()
	s.people()
	s.statements()
	s.calculate()
	s.charity()
	s.community()
	switch f.Type {
	case "association":
		s.association()
	case "service":
		s.service()
	case "foundation":
		s.foundation()
	}
	s.partyReport()
	s.calculate()
	s.complete()
	return s.values
}

type sampler struct {
	SampleOptions
	form   *Form
	values Values
	rand   *rand.Rand
}

// set gives a key its value where the form has it; the three forms share most
// keys, not all.
func (s *sampler) set(key string, value any) {
	if _, ok := s.form.values[key]; ok {
		s.values[key] = value
	}
}

// ints sets several numbers.
func (s *sampler) ints(values map[string]int64) {
	for key, n := range values {
		s.set(key, n)
	}
}

// texts sets several texts, dates or choices.
func (s *sampler) texts(values map[string]string) {
	for key, text := range values {
		s.set(key, text)
	}
}

func (s *sampler) get(key string) int64 {
	n, _ := s.values.Int(key)
	return n
}

// between is a random number, both ends included.
func (s *sampler) between(low, high int64) int64 { return low + s.rand.Int64N(high-low+1) }

// part is about permille thousandths of n, a tenth more or less, never zero
// where n is positive.
func (s *sampler) part(n, permille int64) int64 {
	return max(n/1000*permille*s.between(90, 110)/100, min(n, 1))
}

func (s *sampler) pick(list []string) string { return list[s.rand.IntN(len(list))] }

var (
	surnames = []string{"陈", "李", "黄", "张", "梁", "林", "刘", "吴", "罗", "何", "周", "郭", "欧阳", "司徒"}
	given    = []string{"志明", "秀英", "建国", "丽华", "伟", "敏", "文博", "雅琴", "国强", "静怡", "子轩", "玉兰", "永康", "晓峰"}
	streets  = []string{"华乐街道", "沙面街道", "石牌街道", "新港街道", "同和街道", "大东街道"}
	places   = []string{"人和社区", "员村社区", "东湖社区", "康乐社区", "先烈社区", "兴华社区"}
)

func (s *sampler) person() string { return s.pick(surnames) + s.pick(given) }

func (s *sampler) phone() string {
	return fmt.Sprintf("020-%08d", s.between(20_000_000, 89_999_999))
}

func (s *sampler) mobile() string { return fmt.Sprintf("13%09d", s.between(0, 999_999_999)) }

// or is the register's fact, or what is made up for it.
func or(fact, made string) string {
	if fact != "" {
		return fact
	}
	return made
}

func (s *sampler) identity() {
	o := s.Organisation
	opens := s.OpensOn.String()
	capital := int64(30_000_00)
	if s.form.Type == "foundation" {
		capital = 2_000_000_00
	}
	if o.RegisteredCapital != nil {
		capital = int64(*o.RegisteredCapital)
	}
	founded := o.RegisteredOn
	if founded.IsZero() {
		founded = workday.NewDate(s.Year, 1, 1)
	}
	s.ints(map[string]int64{"report_year": int64(s.Year), "registered_capital": capital})
	s.texts(map[string]string{
		"name": o.Name, "uscc": o.USCC,
		"registration_no":      or(o.RegistrationNo, o.USCC),
		"legal_representative": or(o.LegalRepresentative, s.person()),
		"domicile":             or(o.Domicile, "广东省广州市越秀区东风中路"+fmt.Sprint(s.between(1, 500))+"号"),
		"postcode":             or(o.Postcode, "510030"),
		"business_scope":       or(o.BusinessScope, "社区服务、培训、交流、咨询。"),
		"sponsor":              or(o.Sponsor, "无"),
		"contact_name":         or(o.ContactName, s.person()),
		"contact_phone":        or(o.ContactPhone, s.phone()),
		"contact_mobile":       s.mobile(),
		"email":                or(o.ContactEmail, "office@org.example"),
		"phone":                s.phone(),
		"established_on":       founded.String(),
		"report_date":          opens, "declaration_date": opens,
		"registration_authority": "登记管理机关",
		"reporting_entity":       o.Name,
		"industry_class":         "community",
		"legal_form":             "legal_person",
	})
}

// calculate works out every formula of a sum whose figure is not set yet.
func (s *sampler) calculate() {
	for _, f := range s.form.order {
		if len(f.terms) > 0 && f.divisor == nil {
			s.values[f.Key] = s.sum(f)
		}
	}
}

// sum is the value of a field by its formula; a figure without a formula that
// is not set is zero.
func (s *sampler) sum(f *Field) int64 {
	if len(f.terms) == 0 || f.divisor != nil {
		return s.get(f.Key)
	}
	var total int64
	for _, t := range f.terms {
		total += t.Sign * s.sum(t.Field)
	}
	return total
}

// ratio is part of whole in hundredths of a percent, rounded half up; of
// nothing, or of a deficit, it is zero.
func ratio(part, whole int64) int64 {
	if part < 0 || whole <= 0 {
		return 0
	}
	const hundredths = 100 * 100
	return part/whole*hundredths + (part%whole*hundredths+whole/2)/whole
}

// complete fills in what is asked for and not set yet, and takes out what is
// not asked for.
func (s *sampler) complete() {
	for _, f := range s.form.order {
		_, set := s.values[f.Key]
		switch applies := f.Applies(s.values, nil, s.Context); {
		case !applies:
			delete(s.values, f.Key)
		case !set && f.Required:
			s.values[f.Key] = s.blank(f)
		}
	}
}

// blank is the plain way to fill in a field: none, zero, no.
func (s *sampler) blank(f *Field) any {
	switch f.Kind {
	case KindText, KindLongText:
		return "无"
	case KindDate:
		return s.OpensOn.String()
	case KindYear:
		return int64(s.Year)
	case KindChoice:
		for _, code := range []string{"no", "none", "other"} {
			if _, ok := f.options[code]; ok {
				return code
			}
		}
		return f.Options[0].Code
	case KindMultiChoice:
		return []string{f.Options[0].Code}
	case KindTable:
		return []map[string]any{}
	case KindTableRow:
		row := map[string]any{}
		for _, c := range f.Columns {
			if c.Required && c.When.Holds(s.values, row, s.Context) {
				row[c.Key] = s.blank(c)
			}
		}
		return row
	default:
		return int64(0)
	}
}
