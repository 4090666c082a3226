package web

import (
	"testing"

	"nianbao/filing/form"
)

func TestChange(t *testing.T) {
	for _, tc := range []struct {
		now, before any
		want        string
	}{
		{int64(110), int64(100), "+10.0%"}, {int64(90), int64(100), "−10.0%"}, {int64(100), int64(100), "—"},
		{int64(0), int64(100), "−100.0%"}, {int64(5), int64(0), "新增"}, {int64(0), int64(0), "—"},
		{int64(50), int64(-100), "+150.0%"}, {int64(-150), int64(-100), "−50.0%"},
		{int64(100_049), int64(100_000), "不足 0.1%"}, {int64(100_050), int64(100_000), "+0.1%"},
		{int64(99_999_999_999_999), int64(1), "+9,999,999,999,999,800.0%"},
		{int64(999_999_999_999_999), int64(-999_999_999_999_999), "+200.0%"},
		{nil, int64(1), ""}, {int64(1), nil, ""}, {"a", "b", ""},
	} {
		if got := change(tc.now, tc.before); got != tc.want {
			t.Errorf("change(%v, %v) = %q, want %q", tc.now, tc.before, got, tc.want)
		}
	}
}

func TestShow(t *testing.T) {
	set, err := form.Default()
	if err != nil {
		t.Fatal(err)
	}
	service, err := set.Form("service-2004")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		key   string
		value any
		want  string
	}{
		{"bs_cash.opening", int64(-123_456_789), "−1,234,567.89"},
		{"bs_cash.opening", nil, ""},
		{"gov_contracts", []map[string]any{{}, {}}, "2 行"},
	} {
		f, ok := service.Field(tc.key)
		if !ok {
			t.Fatalf("the form has no %s", tc.key)
		}
		if got := show(f, tc.value); got != tc.want {
			t.Errorf("show(%s, %v) = %q, want %q", tc.key, tc.value, got, tc.want)
		}
	}
	date := &form.Field{Kind: form.KindDate}
	if got := show(date, "2019-03-31"); got != "2019年3月31日" {
		t.Errorf("a date: %q", got)
	}
}

func TestFieldsOfACase(t *testing.T) {
	for title, want := range map[string]string{"财务会计报告：业务活动表（会民非02表）": "业务活动表", "基本事项": "基本事项"} {
		if got := shortTitle(title); got != want {
			t.Errorf("shortTitle(%q) = %q", title, got)
		}
	}
	if got := rowID("gov_contracts[2].amount"); got != "k-gov_contracts-2-amount" {
		t.Errorf("rowID: %q", got)
	}
	for _, tc := range []struct{ in, want []string }{
		{[]string{"本年·甲", "本年·乙"}, []string{"甲", "乙"}}, {[]string{"本年·甲", "乙"}, []string{"本年·甲", "乙"}}, {[]string{"甲"}, []string{"甲"}},
	} {
		if got := withoutGroup(tc.in); len(got) != len(tc.want) || got[0] != tc.want[0] {
			t.Errorf("withoutGroup(%v) = %v", tc.in, got)
		}
	}
}

func TestAYearHasNoChange(t *testing.T) {
	if got := changeOf(&form.Field{Kind: form.KindYear}, int64(2018), int64(2017)); got != "" {
		t.Errorf("a year changed by %q", got)
	}
	if got := changeOf(&form.Field{Kind: form.KindNumber}, int64(4), int64(2)); got != "+100.0%" {
		t.Errorf("a number changed by %q", got)
	}
}
