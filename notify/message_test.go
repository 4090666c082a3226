package notify

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/account"
	"nianbao/internal/workday"
	"nianbao/templates/mails"
)

var update = flag.Bool("update", false, "write the golden files anew")

// full is a letter with every value there; the cases change what matters.
func full() letter {
	return letter{
		Organisation: "试验市𬭎光社会工作服务中心", Authority: "试验市民政局", Year: 2018, Today: workday.NewDate(2019, 3, 24),
		Link: "https://nianbao.example/filer", VerifyLink: "https://nianbao.example/verify/ABCD-EFGH",
		Due: workday.NewDate(2019, 3, 31), WorkingDays: 5, Previous: workday.NewDate(2019, 3, 20), Which: "退回后重新报送的截止日", Reason: "系统维护",
		At: time.Date(2019, 3, 24, 14, 32, 8, 0, workday.Shanghai), ReceiptNo: "试民社报〔2019〕00012号",
		SHA256: strings.Repeat("0a", 32), Warnings: 2, Remarks: 3, Outcome: "unqualified",
		Number: "试民社年审〔2019〕00001号", IssuedOn: workday.NewDate(2019, 4, 2),
		Basis: "《社会组织信用信息管理办法》第十一条第（一）项", On: workday.NewDate(2019, 4, 1), ServedOn: workday.NewDate(2019, 4, 1),
		DocumentKind: "prior_notice", How: "post", Claimed: "李明", Over: 2, Soon: 7,
		Person: "林晓", By: "陈洁", RoleLabel: "填报人", Changed: "登录邮箱", Secret: secretMark,
		People: []account.Contact{{Name: "陈洁", Email: "chen@org.example"}, {Name: "林晓", Email: "lin@org.example"}},
		Until:  time.Date(2019, 3, 24, 14, 47, 8, 0, workday.Shanghai),
	}
}

func TestWording(t *testing.T) {
	cases := map[string]func(*letter){
		"opening": nil, "reminder": nil, "due_changed": nil, "time_moved": nil, "receipt": nil, "return": nil, "result": nil, "conclusion": nil,
		"prior_notice": nil, "served": nil, "listed": nil, "listing_withdrawn": nil, "removed": nil, "removal_refused": nil,
		"annulled": nil, "spot_check": nil, "penalty": nil, "window_warned": nil, "window_escalated": nil, "window_digest": nil,
		"activation": nil, "activation_sms": nil, "activation_taken": nil, "activation_taken_sms": nil, "invitation": nil,
		"invitation-desk": func(l *letter) { l.By, l.Organisation, l.RoleLabel = "", "试验市民政局", "审查员" },
		"reset":           nil, "address": nil, "address_taken": nil, "account_changed": nil, "submission_asked": nil,
		"token_made":                 func(l *letter) { l.Changed = "“记账软件”（查看、填写草稿），2020年3月23日到期" },
		"request_received":           func(l *letter) { l.Asked = "延期报送" },
		"request_received-exemption": func(l *letter) { l.Asked, l.Due = "豁免报送", workday.Date{} },
		"sponsor_requested":          func(l *letter) { l.Sponsor = "试点市教育局" },
		"sponsor_warned":             func(l *letter) { l.Sponsor, l.WorkingDays = "试点市教育局", 3 },
		"sponsor_answered": func(l *letter) {
			l.Sponsor, l.Outcome, l.Submitted, l.Reason = "试点市教育局", "agreed", true, "同意报送。"
		},
		"sponsor_answered-returned": func(l *letter) {
			l.Sponsor, l.Outcome, l.Reason, l.Remarks, l.Held = "试点市教育局", "returned", "请补充业务活动情况。", 2, workday.NewDate(2019, 4, 8)
		},
		"sponsor_answered-not_submitted": func(l *letter) {
			l.Sponsor, l.Outcome, l.Which = "试点市教育局", "agreed", "2018年度报告的补报期已于2019年4月30日结束，不再接收报告。请联系登记管理机关。"
		},
		"sponsor_passed":            func(l *letter) { l.Sponsor, l.Held = "试点市教育局", workday.NewDate(2019, 4, 8) },
		"sponsor_passed-late":       func(l *letter) { l.Sponsor = "试点市教育局" },
		"sponsor_passed_desk":       func(l *letter) { l.Sponsor, l.Held = "试点市教育局", workday.NewDate(2019, 4, 8) },
		"request_decided":           func(l *letter) { l.Asked, l.Outcome, l.Reason = "延期报送", "granted", "" },
		"request_decided-exemption": func(l *letter) { l.Asked, l.Outcome, l.Due, l.Basis = "豁免报送", "granted", workday.Date{}, "" },
		"request_decided-refused": func(l *letter) {
			l.Asked, l.Outcome, l.Due, l.Reason = "延期报送", "refused", workday.Date{}, "审计报告已经出具。"
		},
		"attachment_infected":   func(l *letter) { l.Which = "“声明签章页”第 1 个文件" },
		"document_held":         func(l *letter) { l.DocumentKind, l.Reason = "conclusion", "字体中没有“𪚥”字" },
		"reminder-today":        func(l *letter) { l.Today, l.WorkingDays = l.Due, 0 },
		"reminder-tomorrow":     func(l *letter) { l.Today, l.WorkingDays = workday.NewDate(2019, 3, 30), 0 },
		"reminder-returned":     func(l *letter) { l.Returned, l.Provisional = true, true },
		"return-no-day":         func(l *letter) { l.Due, l.Remarks, l.Correction = workday.Date{}, 0, true },
		"receipt-plain":         func(l *letter) { l.Warnings = 0 },
		"result-correction":     func(l *letter) { l.Correction = true },
		"result-pass":           func(l *letter) { l.Outcome = "pass" },
		"prior_notice-unserved": func(l *letter) { l.Due, l.ServedOn = workday.Date{}, workday.Date{} },
		"window_warned-today":   func(l *letter) { l.WorkingDays, l.Claimed = 0, "" },
	}
	for name, change := range cases {
		t.Run(name, func(t *testing.T) {
			l := full()
			if change != nil {
				change(&l)
			}
			template, _, _ := strings.Cut(name, "-")
			subject, body, err := render(template, l)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, subject+"\n\n"+body)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

// TestEveryTemplateIsWorded: a template nobody renders in TestWording is not looked at by anyone.
func TestEveryTemplateIsWorded(t *testing.T) {
	files, err := mails.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".txt")
		if _, err := os.Stat(filepath.Join("testdata", name+".golden")); err != nil && name != "signature" {
			t.Errorf("no golden file for %s", f.Name())
		}
	}
}

// TestWordsOfTheHouse keeps out what the word list forbids.
func TestWordsOfTheHouse(t *testing.T) {
	files, err := mails.FS.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		text, err := mails.FS.ReadFile(f.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range []string{"温馨提示", "尊敬的", "敬请谅解", "请注意", "驳回", "警告", "！", "操作成功"} {
			if strings.Contains(string(text), word) {
				t.Errorf("%s says %s", f.Name(), word)
			}
		}
	}
}

func TestSubjectIsOneLine(t *testing.T) {
	l := full()
	l.Organisation = "第一行\r\n第二行"
	subject, _, err := render("window_warned", l)
	if err != nil || !strings.HasPrefix(subject, "第一行 第二行的2018年度报告") {
		t.Errorf("subject %q, %v", subject, err)
	}
}
