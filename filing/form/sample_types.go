package form

import (
	"time"

	"nianbao/internal/workday"
)

func (s *sampler) date(month time.Month, day int) string {
	return workday.NewDate(s.Year, month, day).String()
}

// association fills in what only associations report.
func (s *sampler) association() {
	s.texts(map[string]string{
		"president_name":            s.values.Text("legal_representative"),
		"legal_representative_post": "president",
		"secretary_general_name":    s.person(), "secretary_general_type": "full_time",
		"fee_standard_date": s.date(3, 18), "fee_standard_filing": "filed", "fee_meeting_name": "会员代表大会",
		"fee_standard":       "会长单位每年10000元，副会长单位每年5000元，理事单位每年3000元，会员每年1000元。",
		"last_election_date": s.date(3, 18), "not_held_reason": "无",
		"sys_certificate": "yes", "certificate_keeper": "办公室（秘书处）", "sys_seal": "yes", "seal_keeper": "办公室（秘书处）",
		"sys_personnel": "yes", "npo_software": "using", "fiscal_registration": "yes",
		"rmb_bank": "示例银行广州分行", "rmb_account": "3602000009200" + s.digits(6),
		"activity_summary": "按照章程和年度计划开展会员服务、行业交流、社区公益等活动，全年工作有序完成。",
		"donation_use":     "全部用于章程规定的公益活动。",
	})
	s.ints(map[string]int64{
		"unit_members": s.between(35, 120), "individual_members": s.between(50, 200),
		"council_members": 15, "leaders_count": 5, "standing_council_members": 7,
		"officials_provincial": 0, "officials_bureau": 0, "officials_county": 0,
		"retired_leaders": 1, "retired_leaders_bureau_up": 0, "retired_leaders_over_70": 0,
		"term_years": 5, "council_rule_years": 1, "council_rule_times": 2, "council_held": 2,
		"standing_rule_years": 1, "standing_rule_times": 2, "standing_held": 2,
	})
	s.set("invoice_kinds", []string{"membership_fee", "donation", "tax"})
	s.donations("donation")
	s.set("event_table", []map[string]any{{
		"name": "会员能力建设培训班", "type": "training", "time": s.date(6, 12), "place": "广州市", "approver": "本会理事会", "charge": "不收费",
	}})
}

// service fills in what only service organisations report.
func (s *sampler) service() {
	s.texts(map[string]string{
		"bank": "示例银行广州分行", "bank_account": "3602000009200" + s.digits(6),
		"work_report": "本单位遵守法律法规和章程，按合同完成社工服务、长者服务和青少年服务，财务管理规范；下年度继续完善服务质量和志愿者队伍建设。",
	})
}

func (s *sampler) digits(n int) string {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte('0' + s.between(0, 9))
	}
	return string(out)
}

// donations breaks the donation income of the statement down by donor; prefix
// is donation, or fundraising for the part raised in public.
func (s *sampler) donations(prefix string) {
	total := s.get("as_donation_income.total")
	if prefix == "fundraising" {
		total = total / 10 * 4
	}
	inKind := total / 100 * 5
	cash := total - inKind
	fill := func(donor string, cash, inKind int64) {
		s.set(prefix+"_"+donor+".cash", cash)
		s.set(prefix+"_"+donor+".in_kind", inKind)
	}
	fill("domestic_persons", cash/10*3, inKind/10*3)
	fill("overseas_persons", cash/100, inKind/100)
	fill("overseas_orgs", cash/100*2, inKind/100*2)
	fill("domestic_orgs", cash-cash/10*3-cash/100*3, inKind-inKind/10*3-inKind/100*3)
}

// foundation fills in what only foundations report.
func (s *sampler) foundation() {
	public := "non_public"
	if s.Organisation.PublicFundraising {
		public = "public"
	}
	chair := s.values.Text("legal_representative")
	s.texts(map[string]string{
		"foundation_type": public, "purpose": "扶老、助学、济困，支持社区公益事业。",
		"secretary_general_phone": s.phone(), "secretary_general_mobile": s.mobile(), "contact_post": "项目主管",
		"chairman_name":   chair,
		"sys_certificate": "yes", "certificate_keeper": "办公室", "sys_seal": "yes", "seal_keeper": "办公室",
		"sys_personnel": "yes", "sys_project": "yes", "fiscal_registration": "yes",
		"rmb_bank": "示例银行广州分行", "rmb_account": "3602000009200" + s.digits(6),
		"achievements_and_gaps": "全年按计划完成助学、助老和社区项目；项目评估还需要加强。",
		"audit_opinion_type":    "unqualified", "audit_opinion": "财务报表在所有重大方面公允反映了财务状况和业务活动成果。",
		"audit_firm": "广州示例会计师事务所（普通合伙）", "audit_cpa": s.person(), "audit_date": s.OpensOn.String(), "audit_phone": s.phone(),
		"evaluation_none": "yes", "tax_benefit": "no", "penalised": "no", "improvement_letter": "no",
		"disclosed_summary": "yes", "disclosed_report": "no", "disclosed_fundraising": "no", "disclosed_rules": "no",
		"disclosed_accounts": "no", "disclosed_progress": "no",
	})
	s.set("invoice_kinds", []string{"donation", "tax"})
	s.donations("donation")
	s.donations("fundraising")
	s.set("fundraising_events", int64(2))
	s.board(chair)
	s.foundationParty()
	s.foundationSpending()
	s.foundationProjects()
	history := make([]map[string]any, 0, 4)
	for year := s.Year - 4; year < s.Year; year++ {
		conclusion := "reported"
		if founded := s.Organisation.RegisteredOn; !founded.IsZero() && founded.Year() >= year {
			conclusion = "not_established"
		}
		history = append(history, map[string]any{"year": int64(year), "conclusion": conclusion})
	}
	s.set("inspection_history", history)
}

// board makes seven directors, two supervisors, two council meetings with all
// present, and the staff list.
func (s *sampler) board(chair string) {
	secretary := s.person()
	s.set("secretary_general_name", secretary)
	filed, present := s.date(1, 10), ""
	directors := make([]map[string]any, 0, 7)
	for i, post := range []string{"chairman", "vice_chairman", "secretary_general", "director", "director", "director", "director"} {
		name := map[string]string{"chairman": chair, "secretary_general": secretary}[post]
		name = or(name, s.person())
		directors = append(directors, map[string]any{
			"name": name, "sex": []string{"male", "female"}[i%2], "born_on": workday.NewDate(1960+3*i, 5, 4).String(), "post": post,
			"filed_on": filed, "meetings_attended": int64(2), "pay": int64(0), "pay_reason": "无",
		})
		if present != "" {
			present += "、"
		}
		present += name
	}
	s.set("director_table", directors)
	supervisors, opinions, attended := []map[string]any{}, []map[string]any{}, ""
	for i := range 2 {
		name := s.person()
		supervisors = append(supervisors, map[string]any{
			"name": name, "sex": "female", "born_on": workday.NewDate(1970+i, 8, 15).String(), "filed_on": filed,
			"meetings_attended": int64(2), "term": "本届理事会任期", "pay": int64(0), "pay_reason": "无",
		})
		opinions = append(opinions, map[string]any{"name": name, "opinion": "年度报告内容真实、完整，同意报送。"})
		if i > 0 {
			attended += "、"
		}
		attended += name
	}
	s.set("supervisor_table", supervisors)
	s.set("supervisor_opinion_table", opinions)
	meeting := func(number int64, on string) map[string]any {
		return map[string]any{
			"date": on, "term": int64(2), "number": number, "place": "本会会议室", "topics": "年度工作和预算",
			"directors_present": present, "directors_absent": "无", "supervisors_present": attended, "supervisors_absent": "无",
			"resolution": "审议通过年度工作报告和预算。", "note": "无",
		}
	}
	s.set("council_meeting", []map[string]any{meeting(1, s.date(3, 20)), meeting(2, s.date(11, 20))})
	staff := []map[string]any{}
	for range s.get("staff_full_time") {
		staff = append(staff, map[string]any{"name": s.person(), "politics": "masses", "post": "项目部项目专员"})
	}
	for i := range 3 {
		staff[i]["politics"] = "cpc_member"
	}
	s.set("staff_table", staff)
	s.set("accountant_table", []map[string]any{
		{"name": s.person(), "position": "会计", "qualification": "会计师"},
		{"name": s.person(), "position": "出纳", "qualification": "助理会计师"},
	})
	s.ints(map[string]int64{
		"directors": 7, "supervisors": 2, "leaders": 3, "leaders_in_state_office": 0, "leaders_former_provincial": 0,
		"average_salary": s.between(60_000, 90_000) * 100,
	})
}

// foundationParty fills in the party section; its groups add up.
func (s *sampler) foundationParty() {
	s.texts(map[string]string{
		"party_form": "branch", "party_affiliation": "local", "party_venue": "office", "party_head_post": "principal",
		"party_head_age": "age_36_50", "party_head_education": "college", "party_service_pledge": "yes",
		"party_liaison_name": s.person(), "party_liaison_contact": s.phone(), "party_suggestions": "加强业务培训和经费保障。",
		"party_activity_report": "党支部全年坚持三会一课制度，围绕党的理论学习、社区服务和廉洁自律开展活动。" +
			"组织党员到结对社区探访独居长者、整理公共空间、协助登记服务需求；组织集中学习和专题讨论，党员撰写学习体会；" +
			"结合助学项目走访受助家庭，了解困难并联系资源；与街道党组织共同开展环境整治和志愿服务；" +
			"听取服务对象意见，改进项目流程，公开项目进展。支部按时换届，按规定收缴党费，发挥了战斗堡垒作用和党员先锋模范作用。",
	})
	s.ints(map[string]int64{
		"party_employee_members": 4, "party_new_members": 0, "party_full_time_members": 3, "party_retired_members": 0,
		"party_age_35_under": 2, "party_age_36_50": 1, "party_age_51_60": 1, "party_age_over_60": 0,
		"party_edu_secondary": 0, "party_edu_college": 3, "party_edu_master": 1, "party_edu_returnee": 0,
		"party_relation_self": 3, "party_relation_supervisor": 0, "party_relation_attached": 0, "party_relation_local": 1,
		"party_relation_former": 0, "party_relation_other": 0,
		"party_budget_dues": 1_200_00, "party_budget_higher": 2_000_00, "party_budget_operating": 3_000_00,
		"party_budget_fiscal": 0, "party_budget_other": 0,
		"party_members_total": 4, "party_leader_members": 1, "party_activities": 12, "party_good_deeds": 6, "party_workers": 0,
	})
	s.set("party_study_ways", []string{"self_study", "branch_discussion"})
}

// foundationSpending fills in the spending ratios of the foundation rules from
// the statements.
func (s *sampler) foundationSpending() {
	cost, programme, admin := s.get("as_cost_total.total"), s.get("as_programme_cost.total"), s.get("as_admin_cost.total")
	lastIncome, lastNet := s.get("as_income_total.prior_total"), s.get("bs_net_assets_total.opening")
	base := lastNet
	if s.Organisation.PublicFundraising {
		base = lastIncome
	}
	pay := admin / 10 * 7
	s.ints(map[string]int64{
		"last_year_income": lastIncome, "last_year_income_adjusted": lastIncome, "last_year_fund_balance": lastNet,
		"year_expenditure": cost, "public_benefit_expenditure": programme,
		"staff_pay_expenditure": pay, "admin_expenditure": admin - pay,
		"public_benefit_ratio": ratio(programme, base), "overhead_ratio": ratio(admin, cost),
		"restricted_last_year": 0, "released_last_year": 0,
	})
}

// foundationProjects makes two activities, one of them a major project with a
// large payee, and a large donor.
func (s *sampler) foundationProjects() {
	programme, donated := s.get("as_programme_cost.total"), s.get("as_donation_income.total")
	spent := programme / 10 * 4
	activity := func(name string, income, expense int64) map[string]any {
		return map[string]any{
			"name": name, "income": income, "expense": expense, "year_from": int64(s.Year), "year_to": int64(s.Year),
			"summary": "为困难家庭学生和长者提供资助与陪伴服务。",
		}
	}
	s.set("activities_count", int64(2))
	s.set("activity_table", []map[string]any{
		activity("阳光助学计划", donated/10*4, spent), activity("长者关爱计划", donated/10*3, programme/10*3),
	})
	cost := spent / 10
	s.set("major_project_table", []map[string]any{{
		"name": "阳光助学计划", "income": donated / 10 * 4, "direct_aid": spent - 6*(cost/6),
		"purchase": cost / 6, "staff": cost / 6, "asset_use": cost / 6, "publicity": cost / 6, "travel": cost / 6, "other": cost / 6,
		"cost_subtotal": 6 * (cost / 6), "total": spent,
	}})
	paid := spent / 2
	s.set("large_payee_table", []map[string]any{{
		"project": "阳光助学计划", "payee": "受助学校（合作学校）", "amount": paid, "share": ratio(paid, programme), "use": "发放助学金",
	}})
	given := s.get("donation_domestic_orgs.cash") / 2
	s.set("large_donor_table", []map[string]any{{
		"donor": "示例实业有限公司", "amount": given, "cash": given, "cash_use": "阳光助学计划", "goods": int64(0), "goods_use": "无",
	}})
}
