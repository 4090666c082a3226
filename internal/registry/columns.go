package registry

import (
	"slices"

	"nianbao/internal/money"
	"nianbao/internal/workday"
)

// column is one column of the organisations' file: how it is headed, read and
// written. The table below is the only place that knows them all; the import,
// the comparison with the stored row, the SQL arrays and the sample file follow
// it.
type column struct {
	heading
	// set reads a cell into the organisation; fault is Chinese, "" if good.
	set func(o *Organisation, c cell) (fault string)
	// get writes the value as a file holds it: texts as they are, yes or no,
	// YYYY-MM-DD, 元 with two decimals, "" for nothing.
	get func(o *Organisation) string
	// take copies the value from another entry.
	take func(o, from *Organisation)
}

// Longest texts in characters. They are generous: the longest real names have
// some 50.
const (
	maxNameRunes     = 100
	maxPersonRunes   = 50
	maxScopeRunes    = 2000
	maxNumberRunes   = 50
	maxDomicileRunes = 200
	maxDistrictRunes = 50
	maxPhoneRunes    = 50
	maxSponsorRunes  = 100
)

// columns are in the order of the contract's header; those up to status must
// be in every file and filled in every row.
var columns = []column{
	newColumn(needed("uscc", "统一社会信用代码", "社会信用代码", "信用代码", "统一代码"),
		func(o *Organisation) *USCC { return &o.USCC }, readUSCC, func(u USCC) string { return string(u) }),
	newColumn(needed("name", "名称", "单位名称", "社会组织名称", "组织名称"),
		func(o *Organisation) *string { return &o.Name }, line(maxNameRunes), plain),
	newColumn(needed("type", "类型", "社会组织类型", "组织类型", "社会组织类别"),
		func(o *Organisation) *Type { return &o.Type }, readType, func(t Type) string { return string(t) }),
	newColumn(needed("registered_on", "成立登记日期", "登记日期", "成立日期", "成立登记时间", "成立时间"),
		func(o *Organisation) *workday.Date { return &o.RegisteredOn }, cell.date, workday.Date.String),
	newColumn(needed("authority", "登记管理机关", "登记管理机关代码", "登记机关", "登记机关代码"),
		func(o *Organisation) *string { return &o.AuthorityCode }, line(maxNameRunes), plain),
	newColumn(needed("status", "状态", "登记状态"),
		func(o *Organisation) *Status { return &o.Status }, readStatus, func(s Status) string { return string(s) }),
	newColumn(optional("legal_representative", "法定代表人", "法定代表人姓名", "法人代表"),
		func(o *Organisation) *string { return &o.LegalRepresentative }, line(maxPersonRunes), plain),
	newColumn(optional("registered_capital", "注册资金", "开办资金", "原始基金数额", "原始基金",
		"注册资金/开办资金", "注册资金/开办资金/原始基金数额"),
		func(o *Organisation) **money.Fen { return &o.RegisteredCapital }, cell.money, capitalText),
	newColumn(optional("business_scope", "业务范围"),
		func(o *Organisation) *string { return &o.BusinessScope }, folded(maxScopeRunes), plain),
	newColumn(optional("registration_no", "登记证号", "登记证书号"),
		func(o *Organisation) *string { return &o.RegistrationNo }, line(maxNumberRunes), plain),
	newColumn(optional("domicile", "住所", "住址", "地址"),
		func(o *Organisation) *string { return &o.Domicile }, line(maxDomicileRunes), plain),
	newColumn(optional("district", "行政区划", "区县", "行政区划/区县", "所在区", "所属区"),
		func(o *Organisation) *string { return &o.District }, line(maxDistrictRunes), plain),
	newColumn(optional("postcode", "邮政编码", "邮编"),
		func(o *Organisation) *string { return &o.Postcode }, checked(postcodeFault), plain),
	newColumn(optional("contact_name", "联系人", "联系人姓名", "年报联系人"),
		func(o *Organisation) *string { return &o.ContactName }, line(maxPersonRunes), plain),
	newColumn(optional("contact_phone", "联系电话", "联系人电话", "电话"),
		func(o *Organisation) *string { return &o.ContactPhone }, line(maxPhoneRunes), plain),
	newColumn(optional("contact_email", "电子邮箱", "邮箱", "联系邮箱", "电子邮件"),
		func(o *Organisation) *string { return &o.ContactEmail }, checked(emailFault), plain),
	newColumn(optional("sponsor", "业务主管单位"),
		func(o *Organisation) *string { return &o.Sponsor }, line(maxSponsorRunes), plain),
	newColumn(optional("charity", "慈善组织", "是否慈善组织"),
		func(o *Organisation) *bool { return &o.Charity }, cell.flag, flagText),
	newColumn(optional("public_fundraising", "公开募捐资格", "是否具有公开募捐资格"),
		func(o *Organisation) *bool { return &o.PublicFundraising }, cell.flag, flagText),
	newColumn(optional("electronic_service", "同意电子送达", "是否同意电子送达", "电子送达"),
		func(o *Organisation) *bool { return &o.ElectronicService }, cell.flag, flagText),
}

// newColumn ties a heading to a field, the way it is read and the way it is
// written.
func newColumn[T any](
	h heading, at func(*Organisation) *T, read func(cell) (T, string), write func(T) string,
) column {
	return column{
		heading: h,
		set: func(o *Organisation, c cell) string {
			if h.required && c.text == "" {
				return "不能为空"
			}
			value, fault := read(c)
			if fault == "" {
				*at(o) = value
			}
			return fault
		},
		get:  func(o *Organisation) string { return write(*at(o)) },
		take: func(o, from *Organisation) { *at(o) = *at(from) },
	}
}

func needed(key string, names ...string) heading { return heading{key, names, true} }

func optional(key string, names ...string) heading { return heading{key, names, false} }

func readUSCC(c cell) (USCC, string) {
	code, err := ParseUSCC(c.text)
	if err != nil {
		return "", err.Error()
	}
	return code, ""
}

// typeWords and statusWords are what files may write, English in lower case.
var (
	typeWords = map[string]Type{
		"association": TypeAssociation, "社会团体": TypeAssociation, "社团": TypeAssociation,
		"service": TypeService, "民办非企业单位": TypeService, "民非": TypeService,
		"社会服务机构": TypeService, "民办非企业单位（社会服务机构）": TypeService,
		"foundation": TypeFoundation, "基金会": TypeFoundation,
	}
	statusWords = map[string]Status{
		"active": StatusActive, "正常": StatusActive, "在册": StatusActive, "存续": StatusActive,
		"deregistered": StatusDeregistered, "已注销": StatusDeregistered, "注销": StatusDeregistered,
		"revoked": StatusRevoked, "已撤销": StatusRevoked, "撤销": StatusRevoked,
		"撤销登记": StatusRevoked, "已吊销": StatusRevoked, "吊销": StatusRevoked,
	}
)

func readType(c cell) (Type, string) {
	return word(c, typeWords, "社会团体、民办非企业单位（社会服务机构）或 基金会（association、service、foundation）")
}

func readStatus(c cell) (Status, string) {
	return word(c, statusWords, "正常、已注销 或 已撤销（active、deregistered、revoked）")
}

// line reads a text of one line.
func line(maxRunes int) func(cell) (string, string) {
	return func(c cell) (string, string) { return cleanText(c.text, maxRunes) }
}

// folded reads a text whose cell may have line breaks; they become blanks.
func folded(maxRunes int) func(cell) (string, string) {
	return func(c cell) (string, string) { return cleanText(unfold(c.text), maxRunes) }
}

// checked reads a text of one line with a syntax of its own; faultOf also
// limits the length.
func checked(faultOf func(string) string) func(cell) (string, string) {
	return func(c cell) (string, string) { return c.text, faultOf(c.text) }
}

func plain(s string) string { return s }

func flagText(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func capitalText(amount *money.Fen) string {
	if amount == nil {
		return ""
	}
	return amount.String()
}

func organisationHeadings() []heading {
	headings := make([]heading, len(columns))
	for i, c := range columns {
		headings[i] = c.heading
	}
	return headings
}

// merged is a stored entry with the columns that the file has, by key, taken
// from the file's row.
func merged(stored, row *Organisation, present []string) Organisation {
	result := *stored
	for _, c := range columns {
		if slices.Contains(present, c.key) {
			c.take(&result, row)
		}
	}
	return result
}

// changedColumns names the columns in which two entries differ.
func changedColumns(before, after *Organisation) []string {
	var keys []string
	for _, c := range columns {
		if c.get(before) != c.get(after) {
			keys = append(keys, c.key)
		}
	}
	return keys
}
