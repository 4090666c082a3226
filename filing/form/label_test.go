package form

import "testing"

func TestLabels(t *testing.T) {
	set, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	f, err := set.Form("service-2004")
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][2]string{
		"phone":                                 {"电话", ""},
		"bs_receivables.closing":                {"应收款项，3 行，期末数", "期末数"},
		"gov_contracts.amount":                  {"政府购买服务项目，合同金额", ""},
		"as_service_income_government.total":    {"其中：政府购买服务收入，3.1 行，本年累计数·合计", "本年累计数·合计"},
		"cf_op_net.amount":                      {"业务活动产生的现金流量净额，24 行，金额", "金额"},
		"as_donation_income.prior_unrestricted": {"捐赠收入，1 行，上年数·非限定性", "上年数·非限定性"},
	} {
		field, ok := f.Field(key)
		if !ok {
			t.Fatalf("no field %s", key)
		}
		if got := [2]string{field.FullLabel(), field.ColumnLabel()}; got != want {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
	line, _ := f.Field("bs_cash")
	if group, name, paper := line.Section.TitleParts(); group != "财务会计报告" || name != "资产负债表" || paper != "会民非01表" {
		t.Errorf("title parts %q %q %q", group, name, paper)
	}
}

func TestParseTyped(t *testing.T) {
	money := &Field{Key: "m", Label: "金额", Kind: KindMoney, Unit: "元"}
	for text, want := range map[string]any{
		"": nil, " ": nil, "1,234.5": int64(123450), "１２３４元": int64(123400), "-0.10": int64(-10), "007": int64(700),
	} {
		if got, problem := money.ParseTyped(text); got != want || problem != "" {
			t.Errorf("%q: %v %q, want %v", text, got, problem, want)
		}
	}
	for _, text := range []string{"1.234", "abc", "1e5", "--1", "12345678901234"} {
		if got, problem := money.ParseTyped(text); got != nil || problem == "" {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}
