package form

// people fills in the staff figures so that every group adds up to the total.
func (s *sampler) people() {
	fullTime, partTime := s.between(6, 14), s.between(3, 6)
	total := fullTime + partTime
	s.ints(map[string]int64{
		"staff_full_time": fullTime, "staff_part_time": partTime, "staff_female": total / 2,
		"staff_part_time_state": 0, "staff_part_time_enterprise": 2, "staff_part_time_other": partTime - 2,
		"staff_age_35_under": total - 6, "staff_age_36_50": 4, "staff_age_51_60": 1, "staff_age_over_60": 1,
		"staff_edu_secondary": 2, "staff_edu_college": total - 3, "staff_edu_master": 1,
		"staff_retired_rehired": 1, "staff_full_time_party_members": 3,
		"contract_staff": fullTime, "licensed_staff": 4, "party_members": 4,
		"ins_unemployment": fullTime, "ins_pension": fullTime, "ins_medical": fullTime, "ins_injury": fullTime, "ins_maternity": fullTime,
		"volunteers": s.between(20, 200), "volunteer_hours": s.between(500, 4000) * 50,
		"social_worker_certificates": 4, "purchased_posts": 4,
		"interns": 3, "intern_hours": 1_050_00, "intern_subsidy": 3 * 1_800_00,
		"accountants": 2, "certified_accountants": 1,
	})
	s.texts(map[string]string{"party_organisation": "yes", "party_organisation_form": "branch"})
}

// charity fills in the charity section from the statements.
func (s *sampler) charity() {
	o := s.Organisation
	cost, programme := s.get("as_cost_total.total"), s.get("as_programme_cost.total")
	admin := s.get("as_admin_cost.total")
	lastIncome, lastNet := s.get("as_income_total.prior_total"), s.get("bs_net_assets_total.opening")
	s.texts(map[string]string{"charity": yesNo(o.Charity), "public_fundraising": yesNo(o.PublicFundraising), "charity_recognised_on": s.date(12, 31)})
	s.ints(map[string]int64{
		"charity_last_income": lastIncome, "charity_last_net_assets": lastNet, "charity_expenditure": cost,
		"charity_spending": programme, "charity_admin_cost": admin,
		"charity_spending_income_ratio":     ratio(programme, lastIncome),
		"charity_spending_net_assets_ratio": ratio(programme, lastNet),
		"charity_admin_ratio":               ratio(admin, cost),
	})
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// community fills in the government-purchase contracts, which add up to the
// memo in the statement of activities, and a small community fund.
func (s *sampler) community() {
	bought := s.get("as_service_income_government.total")
	first := bought / 10 * 6
	contract := func(project, source string, received, staff int64) map[string]any {
		street := s.pick(streets)
		return map[string]any{
			"project": project, "buyer": street + "办事处", "funding_source": source,
			"amount": received, "received": received,
			"from": s.date(1, 1), "to": s.date(12, 31),
			"streets": street, "communities": s.pick(places),
			"service_items": "长者服务、家庭服务、青少年服务", "full_time_staff": staff, "beneficiaries": s.between(200, 3000),
		}
	}
	s.set("gov_contracts", []map[string]any{
		contract("社工服务站项目", "fiscal", first, 3),
		contract("社区微更新项目", "welfare_lottery", bought-first, 1),
	})
	const fund = "社区公益基金"
	opening := s.between(10_000_00, 30_000_00)
	if rows, ok := s.Prior.Rows("community_funds"); ok {
		opening = 0
		for _, row := range rows {
			if n, isMoney := row["closing"].(int64); isMoney && row["fund"] == fund {
				opening = n
			}
		}
	}
	raised := s.between(8_000_00, 12_000_00)
	s.set("community_funds", []map[string]any{{
		"fund": fund, "opening": opening, "raised": raised, "relief_paid": int64(3_000_00), "relief_max": int64(1_500_00),
		"activity_grants": int64(4_500_00), "activity_max": int64(2_500_00), "closing": opening + raised - 7_500_00,
	}})
}

// partyReport fills in the companion report of the party organisation; it is
// taken out again where the season does not ask for it.
func (s *sampler) partyReport() {
	fullTime, partTime := s.get("staff_full_time"), s.get("staff_part_time")
	s.texts(map[string]string{
		"party_report_unit": s.Organisation.Name, "party_report_org_name": s.Organisation.Name,
		"party_report_filler": s.person(), "party_report_phone": s.phone(),
		"party_report_org_address": s.values.Text("domicile"), "party_report_supervisor": s.values.Text("sponsor"),
		"party_report_registration_no": s.values.Text("registration_no"), "party_report_org_class": s.form.Type,
		"party_report_legal_rep": s.values.Text("legal_representative"), "party_report_legal_rep_politics": "cpc_member",
		"party_report_built_form": "branch", "party_report_built_date": s.date(12, 31),
		"party_report_built_approver": "属地街道党工委", "party_report_relation": "local",
		"party_report_secretary": s.person(), "party_report_secretary_phone": s.phone(),
		"party_report_secretary_org_post": "秘书长", "party_report_secretary_former_post": "无",
	})
	s.ints(map[string]int64{
		"party_report_leaders_full_time": 1, "party_report_leaders_part_time": 1,
		"party_report_workers_full_time": fullTime - 1, "party_report_workers_part_time": partTime - 1,
		"party_report_leader_ft_moved": 1, "party_report_leader_ft_not_moved": 0, "party_report_leader_pt": 0,
		"party_report_staff_ft_moved": 2, "party_report_staff_ft_not_moved": 0, "party_report_staff_pt": 1,
		"party_report_relation_self": 3, "party_report_relation_supervisor": 0, "party_report_relation_attached": 0,
		"party_report_relation_local": 1, "party_report_relation_former_unit": 0, "party_report_relation_other": 0,
		"party_report_applicants": 1, "party_report_activists": 1, "party_report_development_targets": 0,
	})
	s.set("party_report_mass_organisations", []string{"union", "youth_league"})
}
