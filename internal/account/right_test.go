package account_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"nianbao/internal/account"
)

func TestRights(t *testing.T) {
	var all account.Rights
	read, draft, submit, requests := account.RightRead, account.RightDraft, account.RightSubmit, account.RightRequests
	for _, tc := range []struct {
		chosen []account.Right
		has    []account.Right
		label  string
	}{
		{nil, []account.Right{read}, "查看"},
		{[]account.Right{read}, []account.Right{read}, "查看"},
		{[]account.Right{submit}, []account.Right{read, submit}, "查看、报送"},
		{[]account.Right{requests, draft, draft}, []account.Right{read, draft, requests}, "查看、填写草稿、申请"},
		{[]account.Right{submit, requests, draft}, account.AllRights(), "查看、填写草稿、报送、申请"},
	} {
		set, err := account.NewRights(tc.chosen...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.has, set.List()); diff != "" || set.Label() != tc.label || set.All() {
			t.Errorf("%v: %s, %s", tc.chosen, set.Label(), diff)
		}
		if set.Has("") || set.Has("admin") {
			t.Errorf("%v reaches what names no right", tc.chosen)
		}
	}
	if diff := cmp.Diff(account.AllRights(), all.List()); diff != "" || !all.All() || !all.Has("") {
		t.Errorf("an unrestricted set: %s", diff)
	}
	for _, bad := range []account.Right{"", "Read", "admin"} {
		if _, err := account.NewRights(account.RightRead, bad); err == nil || bad.Valid() || bad.Label() != "" {
			t.Errorf("%q was taken", bad)
		}
	}
}
