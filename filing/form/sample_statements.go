package form

import "strings"

// activityFigures are a year's income and cost, unrestricted and restricted,
// by line key.
type activityFigures map[string][2]int64

// statements makes the three statements from one another: the activities give
// the change of net assets, that the closing balance sheet, and its cash the
// cash flow.
func (s *sampler) statements() {
	opening, netAssets := s.openingBalance()
	prior, lastIncome := s.priorActivities(netAssets)
	// At least a third of net assets meets every spending floor; twenty times a
	// deficit makes up for it.
	income := max(lastIncome/100*s.between(100, 104), netAssets/10*3, -netAssets*20, 100_000_00)
	figures := s.activities(income)
	for line, columns := range prior {
		s.activityLine(line, "prior_", columns)
	}
	for line, columns := range figures {
		s.activityLine(line, "", columns)
	}
	unrestricted, restricted := change(figures)
	unrestricted += opening["bs_net_assets_unrestricted"]
	restricted += opening["bs_net_assets_restricted"]
	closing := s.balance(unrestricted, restricted)
	for line, n := range opening {
		s.set(line+".opening", n)
	}
	for line, n := range closing {
		s.set(line+".closing", n)
	}
	s.cashFlow(figures, opening, closing)
	s.set("year_end_fund_balance", closing["bs_cash"])
}

func (s *sampler) activityLine(line, prefix string, columns [2]int64) {
	s.set(line+"."+prefix+"unrestricted", columns[0])
	s.set(line+"."+prefix+"restricted", columns[1])
}

// change is line 45 by column: 11 - 35 + 40.
func change(figures activityFigures) (unrestricted, restricted int64) {
	for line, columns := range figures {
		sign := int64(0)
		switch {
		case line == "as_service_income_government":
		case line == "as_transfer_restricted" || strings.HasSuffix(line, "_income"):
			sign = 1
		case line == "as_programme_cost" || line == "as_admin_cost" || line == "as_fundraising_cost" || line == "as_other_cost":
			sign = -1
		}
		unrestricted += sign * columns[0]
		restricted += sign * columns[1]
	}
	return unrestricted, restricted
}

// openingBalance is last year's closing one, or made up.
func (s *sampler) openingBalance() (figures map[string]int64, netAssets int64) {
	if prior, ok := s.priorBalance(); ok {
		return prior, prior["bs_net_assets_unrestricted"] + prior["bs_net_assets_restricted"]
	}
	unrestricted := s.between(400_000_00, 3_000_000_00)
	if s.form.Type == "foundation" {
		unrestricted = s.between(4_200_000_00, 7_500_000_00)
	}
	restricted := s.part(unrestricted, 150)
	return s.balance(unrestricted, restricted), unrestricted + restricted
}

// priorBalance takes over the closing figures where all are there.
func (s *sampler) priorBalance() (map[string]int64, bool) {
	figures := map[string]int64{}
	for _, f := range s.form.order {
		if f.Section.Kind != SectionBalanceSheet || !strings.HasSuffix(f.Key, ".closing") || f.Kind.Calculated() {
			continue
		}
		n, ok := s.Prior.Int(f.Key)
		if !ok {
			return nil, false
		}
		figures[f.Parent.Key] = n
	}
	return figures, true
}

// priorActivities are last year's figures, taken over or made up, and the
// income total.
func (s *sampler) priorActivities(netAssets int64) (figures activityFigures, income int64) {
	figures = activityFigures{}
	for _, f := range s.form.order {
		if f.Section.Kind != SectionActivities || f.Kind.Calculated() || !strings.HasSuffix(f.Key, ".total") {
			continue
		}
		unrestricted, ok := s.Prior.Int(f.Parent.Key + ".unrestricted")
		restricted, both := s.Prior.Int(f.Parent.Key + ".restricted")
		if !ok || !both {
			made := max(netAssets/10*7, 100_000_00)
			figures = s.activities(made)
			break
		}
		figures[f.Parent.Key] = [2]int64{unrestricted, restricted}
	}
	for line, columns := range figures {
		if strings.HasSuffix(line, "_income") {
			income += columns[0] + columns[1]
		}
	}
	return figures, income
}

// activities makes a year of about the given income, with costs of some 93 %
// of it and administration well under every cap.
func (s *sampler) activities(income int64) activityFigures {
	a := activityFigures{}
	main := map[string]map[string]int64{ // thousandths of income
		"association": {"as_donation_income": 60, "as_membership_fee_income": 400, "as_service_income": 380, "as_sales_income": 10},
		"service":     {"as_donation_income": 60, "as_service_income": 780, "as_sales_income": 10},
		"foundation":  {"as_donation_income": 750, "as_service_income": 90, "as_sales_income": 10},
	}[s.form.Type]
	for _, line := range []string{"as_donation_income", "as_membership_fee_income", "as_service_income", "as_sales_income"} {
		a[line] = [2]int64{main[line] * (income / 1000), 0}
	}
	a["as_donation_income"] = split(a["as_donation_income"][0], 400)
	a["as_government_grant_income"] = split(s.part(income, 60), 500)
	a["as_investment_income"] = [2]int64{s.part(income, 20), 0}
	total, restricted := int64(0), int64(0)
	for _, columns := range a {
		total += columns[0] + columns[1]
		restricted += columns[1]
	}
	a["as_other_income"] = [2]int64{max(income-total, 1_000_00), 0}
	total += a["as_other_income"][0]

	a["as_service_income_government"] = [2]int64{a["as_service_income"][0] / 10 * 6, 0}
	cost := total / 1000 * s.between(925, 940)
	programme := cost / 1000 * s.between(905, 915)
	admin := cost / 1000 * s.between(65, 75)
	fundraising := cost / 1000 * 8
	fromRestricted := restricted / 10 * 3
	a["as_programme_cost"] = [2]int64{programme - fromRestricted, fromRestricted}
	a["as_admin_cost"] = [2]int64{admin, 0}
	a["as_fundraising_cost"] = [2]int64{fundraising, 0}
	a["as_other_cost"] = [2]int64{cost - programme - admin - fundraising, 0}
	rest := a["as_programme_cost"]
	for line, permille := range map[string]int64{"as_staff_cost": 550, "as_depreciation": 60, "as_tax_and_fees": 20} {
		columns := [2]int64{a["as_programme_cost"][0] / 1000 * permille, a["as_programme_cost"][1] / 1000 * permille}
		a[line] = columns
		rest[0] -= columns[0]
		rest[1] -= columns[1]
	}
	a["as_daily_cost"] = rest
	transfer := restricted / 10 * 6
	a["as_transfer_restricted"] = [2]int64{transfer, -transfer}
	return a
}

// split gives permille thousandths to the restricted column.
func split(n, permille int64) [2]int64 {
	restricted := n / 1000 * permille
	return [2]int64{n - restricted, restricted}
}

// liabilityShares and assetShares are thousandths of net assets and of all
// assets; cash is what remains.
var (
	liabilityShares = []share{
		{"bs_short_term_loans", 12}, {"bs_payables", 40}, {"bs_wages_payable", 15}, {"bs_taxes_payable", 3},
		{"bs_advance_receipts", 20}, {"bs_accrued_expenses", 5}, {"bs_provisions", 4}, {"bs_long_term_debt_due_1y", 3},
		{"bs_other_current_liabilities", 4}, {"bs_long_term_loans", 20}, {"bs_long_term_payables", 10},
		{"bs_other_long_term_liabilities", 5}, {"bs_entrusted_agency_liabilities", 10},
	}
	assetShares = []share{
		{"bs_short_term_investment", 60}, {"bs_receivables", 40}, {"bs_prepayments", 20}, {"bs_inventory", 15},
		{"bs_deferred_expense", 5}, {"bs_long_term_bond_due_1y", 10}, {"bs_other_current_assets", 5},
		{"bs_long_term_equity_investment", 40}, {"bs_long_term_bond_investment", 30}, {"bs_fixed_assets_cost", 200},
		{"bs_construction_in_progress", 10}, {"bs_cultural_assets", 5}, {"bs_fixed_assets_disposal", 2},
		{"bs_intangible_assets", 15},
	}
)

type share struct {
	line     string
	permille int64
}

// balance makes a balance sheet around given net assets.
func (s *sampler) balance(unrestricted, restricted int64) map[string]int64 {
	b := map[string]int64{"bs_net_assets_unrestricted": unrestricted, "bs_net_assets_restricted": restricted}
	net := max(unrestricted+restricted, 100_000_00)
	total := unrestricted + restricted
	for _, l := range liabilityShares {
		b[l.line] = s.part(net, l.permille)
		total += b[l.line]
	}
	cash := total
	for _, a := range assetShares {
		b[a.line] = s.part(max(total, 0), a.permille)
		cash -= b[a.line]
	}
	b["bs_accumulated_depreciation"] = s.part(b["bs_fixed_assets_cost"], 350)
	b["bs_entrusted_agency_assets"] = b["bs_entrusted_agency_liabilities"]
	b["bs_cash"] = cash + b["bs_accumulated_depreciation"] - b["bs_entrusted_agency_assets"]
	return b
}

// cashFlow makes a cash flow that ends in the change of cash; what the
// operating and financing parts leave open goes through investments.
func (s *sampler) cashFlow(a activityFigures, opening, closing map[string]int64) {
	received := map[string]string{
		"as_donation_income": "cf_op_donations_received", "as_membership_fee_income": "cf_op_fees_received",
		"as_service_income": "cf_op_services_received", "as_sales_income": "cf_op_sales_received",
		"as_government_grant_income": "cf_op_grants_received", "as_other_income": "cf_op_other_received",
	}
	inflow := int64(0)
	for line, key := range received {
		n := a[line][0] + a[line][1]
		s.set(key+".amount", n)
		inflow += n
	}
	outflow := inflow / 1000 * 930
	rest := outflow
	for _, o := range []share{{"cf_op_donations_paid", 100}, {"cf_op_staff_paid", 450}, {"cf_op_purchases_paid", 300}} {
		n := s.part(outflow, o.permille)
		s.set(o.line+".amount", n)
		rest -= n
	}
	s.set("cf_op_other_paid.amount", rest)

	loans := int64(0)
	for _, line := range []string{"bs_short_term_loans", "bs_long_term_debt_due_1y", "bs_long_term_loans"} {
		loans += closing[line] - opening[line]
	}
	repaid := max(-loans, 0) + 20_000_00
	interest, other := s.between(900_00, 1_500_00), s.between(2_000_00, 3_000_00)
	s.ints(map[string]int64{
		"cf_fin_borrowed.amount": loans + repaid, "cf_fin_repaid.amount": repaid,
		"cf_fin_interest_paid.amount": interest, "cf_fin_other_received.amount": other, "cf_fin_other_paid.amount": 500_00,
	})
	financing := loans - interest + other - 500_00
	exchange := s.between(1_00, 99_00)
	s.set("cf_exchange_effect.amount", exchange)
	s.investing(closing["bs_cash"]-opening["bs_cash"]-(inflow-outflow)-financing-exchange, a)
}

// investing makes the investing part with the given net amount.
func (s *sampler) investing(net int64, a activityFigures) {
	income, disposal, other := a["as_investment_income"][0], s.between(1_000_00, 2_000_00), s.between(100_00, 200_00)
	bought, paid := s.between(10_000_00, 20_000_00), s.between(100_00, 200_00)
	open := net - (income + disposal + other - bought - paid)
	const turned = 30_000_00 // recovered and invested again
	s.ints(map[string]int64{
		"cf_inv_income_received.amount": income, "cf_inv_asset_disposal_received.amount": disposal,
		"cf_inv_other_received.amount": other, "cf_inv_asset_purchase_paid.amount": bought, "cf_inv_other_paid.amount": paid,
		"cf_inv_recovered.amount": turned + max(open, 0), "cf_inv_investment_paid.amount": turned + max(-open, 0),
	})
}
