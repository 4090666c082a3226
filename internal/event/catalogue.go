package event

// The kinds of event.
const (
	SeasonImportedKind        Kind = "season.imported"
	SeasonOpenedKind          Kind = "season.opened"
	SeasonChangedKind         Kind = "season.changed"
	ObligationCreatedKind     Kind = "obligation.created"
	ObligationDueChangedKind  Kind = "obligation.due_changed"
	ObligationRefileMovedKind Kind = "obligation.refile_moved" // the calendar moved the day to refile by
	ObligationExemptedKind    Kind = "obligation.exempted"
	ObligationWithdrawnKind   Kind = "obligation.withdrawn"
	RequestReceivedKind       Kind = "request.received" // 延期、豁免申请
	RequestWithdrawnKind      Kind = "request.withdrawn"
	RequestDecidedKind        Kind = "request.decided"
	SponsorRequestedKind      Kind = "sponsor.requested" // 业务主管单位意见
	SponsorWithdrawnKind      Kind = "sponsor.withdrawn"
	SponsorAnsweredKind       Kind = "sponsor.answered"
	SponsorWarnedKind         Kind = "sponsor.warned"
	SponsorPassedKind         Kind = "sponsor.passed"
	SponsorLapsedKind         Kind = "sponsor.lapsed"
	SubmissionReceivedKind    Kind = "submission.received"
	SubmissionWithdrawnKind   Kind = "submission.withdrawn"
	CorrectionAdoptedKind     Kind = "correction.adopted" // 更正 took the place of the accepted report
	ReviewClaimedKind         Kind = "review.claimed"
	ReviewReleasedKind        Kind = "review.released"
	ReviewProposedKind        Kind = "review.proposed"
	ReviewSentBackKind        Kind = "review.sent_back" // four eyes: the approver did not confirm
	ReviewDecidedKind         Kind = "review.decided"
	ReviewReopenedKind        Kind = "review.reopened"
	WindowMovedKind           Kind = "window.moved" // the calendar moved its last day
	WindowWarnedKind          Kind = "window.warned"
	WindowEscalatedKind       Kind = "window.escalated"
	ConclusionNumberedKind    Kind = "conclusion.numbered"
	DocumentIssuedKind        Kind = "document.issued"
	DocumentHeldKind          Kind = "document.held"
	DocumentSupersededKind    Kind = "document.superseded"
	DocumentRevokedKind       Kind = "document.revoked"
	ListingNotifiedKind       Kind = "listing.notified"
	NoticeServedKind          Kind = "notice.served"
	ListingAnswerMovedKind    Kind = "listing.answer_time_moved"  // likewise
	ListingRemovalMovedKind   Kind = "listing.removal_time_moved" // likewise
	ListingStatementKind      Kind = "listing.statement_received"
	ListingListedKind         Kind = "listing.listed"
	ListingWithdrawnKind      Kind = "listing.withdrawn"
	ListingRemovalAppliedKind Kind = "listing.removal_applied"
	ListingRemovedKind        Kind = "listing.removed"
	ListingRemovalRefusedKind Kind = "listing.removal_refused"
	ListingEscalatedKind      Kind = "listing.escalated"
	ListingAnnulledKind       Kind = "listing.annulled"
	SpotCheckEnteredKind      Kind = "spot_check.entered"
	SpotCheckDrawnKind        Kind = "spot_check.drawn"
	SpotCheckInspectedKind    Kind = "spot_check.inspected"
	SpotCheckClearedKind      Kind = "spot_check.cleared"
	PenaltyOpenedKind         Kind = "penalty.opened"
	PenaltyNotifiedKind       Kind = "penalty.notified"
	PenaltyDecidedKind        Kind = "penalty.decided"
	PenaltySparedKind         Kind = "penalty.spared"
	PenaltyClosedKind         Kind = "penalty.closed"
	DeliverySentKind          Kind = "delivery.sent"
	DeliveryFailedKind        Kind = "delivery.failed"
	AuthorityImportedKind     Kind = "authority.imported"
	OrganisationImportedKind  Kind = "organisation.imported"
	OrganisationChangedKind   Kind = "organisation.changed"
	CalendarImportedKind      Kind = "calendar.imported"
	ReportsImportedKind       Kind = "reports.imported"
	AccountInvitedKind        Kind = "account.invited"
	AccountActivatedKind      Kind = "account.activated"
	TokenIssuedKind           Kind = "token.issued"
	TokenRevokedKind          Kind = "token.revoked"
	AttachmentAddedKind       Kind = "attachment.added"
	AttachmentRemovedKind     Kind = "attachment.removed"
	AttachmentClearedKind     Kind = "attachment.cleared"
	AttachmentInfectedKind    Kind = "attachment.infected"
)

// Meta is what the catalogue says of a kind.
type Meta struct {
	Title string // Chinese, for pages
	Data  any    // a zero value of the payload type; nil: no payload
	// Public kinds show in the public feed, unless the payload says that this one event is private.
	Public bool
	// PublicData names the payload's JSON fields that the public feed shows; all others stay inside.
	PublicData []string
}

// Catalogue lists every kind there is; Append refuses any other.
var Catalogue = map[Kind]Meta{
	SeasonImportedKind: {Title: "报送季已导入", Data: SeasonImported{}},
	SeasonOpenedKind: {Title: "报送季已开始", Data: SeasonOpened{}, Public: true,
		PublicData: []string{"regime", "types", "opens_on", "due_on", "due_provisional", "obligations"}},
	SeasonChangedKind: {Title: "报送季已调整", Data: SeasonChanged{}, Public: true,
		PublicData: []string{"due_on", "previous_due_on"}},

	ObligationCreatedKind:     {Title: "产生报送义务", Data: ObligationCreated{}},
	ObligationDueChangedKind:  {Title: "截止日已调整", Data: ObligationDueChanged{}},
	ObligationRefileMovedKind: {Title: "重新报送的截止日已调整", Data: ObligationRefileMoved{}},
	ObligationExemptedKind:    {Title: "免予报送", Data: ObligationExempted{}},
	ObligationWithdrawnKind:   {Title: "报送义务已撤销", Data: ObligationWithdrawn{}},

	AttachmentAddedKind:    {Title: "已上传附件", Data: AttachmentAdded{}},
	AttachmentRemovedKind:  {Title: "已删除附件", Data: AttachmentRemoved{}},
	AttachmentClearedKind:  {Title: "附件查毒通过", Data: AttachmentScanned{}},
	AttachmentInfectedKind: {Title: "附件查出病毒", Data: AttachmentScanned{}},

	RequestReceivedKind:  {Title: "已提出申请", Data: RequestReceived{}},
	RequestWithdrawnKind: {Title: "申请已撤回", Data: RequestWithdrawn{}},
	RequestDecidedKind:   {Title: "申请已有决定", Data: RequestDecided{}},

	SponsorRequestedKind: {Title: "已送业务主管单位", Data: SponsorRequested{}},
	SponsorWithdrawnKind: {Title: "已从业务主管单位撤回", Data: SponsorWithdrawn{}},
	SponsorAnsweredKind:  {Title: "业务主管单位已提出意见", Data: SponsorAnswered{}},
	SponsorWarnedKind:    {Title: "业务主管单位的期限将到", Data: SponsorWarned{}},
	SponsorPassedKind:    {Title: "业务主管单位逾期未提出意见", Data: SponsorPassed{}},
	SponsorLapsedKind:    {Title: "未经业务主管单位提出意见即报送", Data: SponsorLapsed{}},

	SubmissionAskedKind: {Title: "已请负责人报送", Data: SubmissionAsked{}},
	SubmissionReceivedKind: {Title: "年度报告已提交", Data: SubmissionReceived{}, Public: true,
		PublicData: []string{"kind"}},
	SubmissionWithdrawnKind: {Title: "年度报告已撤回", Data: SubmissionWithdrawn{}, Public: true,
		PublicData: []string{"kind"}},
	CorrectionAdoptedKind: {Title: "年度报告已更正", Data: CorrectionAdopted{}, Public: true,
		PublicData: []string{"sections", "outcome", "number", "previous_number"}},

	ReviewClaimedKind:  {Title: "已领取审查"},
	ReviewReleasedKind: {Title: "已放回审查"},
	ReviewProposedKind: {Title: "已提出审查结论，待复核", Data: ReviewProposed{}},
	ReviewSentBackKind: {Title: "复核未通过，退回审查人", Data: ReviewSentBack{}},
	ReviewDecidedKind: {Title: "审查已有结论", Data: ReviewDecided{}, Public: true,
		PublicData: []string{"outcome", "kind"}},
	ReviewReopenedKind:  {Title: "审查已重新开始", Data: ReviewReopened{}},
	WindowMovedKind:     {Title: "审查期限已按节假日安排调整", Data: WindowMoved{}},
	WindowWarnedKind:    {Title: "审查期限将到", Data: WindowWarned{}},
	WindowEscalatedKind: {Title: "审查期限已过", Data: WindowEscalated{}},

	ConclusionNumberedKind: {Title: "审查结论已编号", Data: ConclusionNumbered{}, Public: true,
		PublicData: []string{"number", "outcome", "issued_on"}},
	DocumentIssuedKind: {Title: "文书已签发", Data: DocumentIssued{}, Public: true,
		PublicData: []string{"kind", "number", "sha256", "issued_on"}},
	DocumentHeldKind:       {Title: "文书待人工处理", Data: DocumentHeld{}},
	DocumentSupersededKind: {Title: "文书已被替代", Data: DocumentSuperseded{}},
	DocumentRevokedKind:    {Title: "文书已撤销", Data: DocumentRevoked{}},

	ListingNotifiedKind:     {Title: "已作列入事先告知", Data: ListingNotified{}},
	NoticeServedKind:        {Title: "文书已送达", Data: NoticeServed{}},
	ListingAnswerMovedKind:  {Title: "陈述申辩期限已按节假日安排调整", Data: ListingTimeMoved{}},
	ListingRemovalMovedKind: {Title: "移出申请的答复期限已按节假日安排调整", Data: ListingTimeMoved{}},
	ListingStatementKind:    {Title: "已收到陈述申辩"},
	ListingListedKind: {Title: "列入活动异常名录", Data: ListingListed{}, Public: true,
		PublicData: []string{"ground", "listed_on"}},
	ListingWithdrawnKind:      {Title: "列入事项已撤销", Data: ListingWithdrawn{}},
	ListingRemovalAppliedKind: {Title: "已申请移出", Data: ListingRemovalApplied{}},
	ListingRemovedKind: {Title: "移出活动异常名录", Data: ListingRemoved{}, Public: true,
		PublicData: []string{"ground", "ended_on"}},
	ListingRemovalRefusedKind: {Title: "不予移出", Data: ListingRemovalRefused{}},
	ListingEscalatedKind: {Title: "转入严重违法失信名单", Data: ListingEscalated{}, Public: true,
		PublicData: []string{"ground", "ended_on"}},
	ListingAnnulledKind: {Title: "列入决定已撤销", Data: ListingAnnulled{}, Public: true,
		PublicData: []string{"ground", "ended_on"}},

	SpotCheckEnteredKind: {Title: "列入抽查监督名单", Data: SpotCheckEntered{}, Public: true,
		PublicData: []string{"entered_on"}},
	SpotCheckDrawnKind:     {Title: "被抽中检查"},
	SpotCheckInspectedKind: {Title: "检查已完成", Data: SpotCheckInspected{}},
	SpotCheckClearedKind: {Title: "移出抽查监督名单", Data: SpotCheckCleared{}, Public: true,
		PublicData: []string{"left_on"}},

	PenaltyOpenedKind:   {Title: "行政处罚已立案", Data: PenaltyOpened{}},
	PenaltyNotifiedKind: {Title: "行政处罚已告知", Data: PenaltyStep{}},
	PenaltyDecidedKind:  {Title: "行政处罚已决定", Data: PenaltyStep{}},
	PenaltySparedKind:   {Title: "不予行政处罚", Data: PenaltyStep{}},
	PenaltyClosedKind:   {Title: "行政处罚已结案", Data: PenaltyStep{}},

	DeliverySentKind:   {Title: "消息已发出", Data: Delivered{}},
	DeliveryFailedKind: {Title: "消息未能送达", Data: Delivered{}},

	AuthorityImportedKind:    {Title: "登记管理机关已导入", Data: Imported{}},
	OrganisationImportedKind: {Title: "社会组织名册已导入", Data: Imported{}},
	OrganisationChangedKind:  {Title: "登记事项已变更", Data: OrganisationChanged{}},
	CalendarImportedKind:     {Title: "工作日历已导入", Data: Imported{}},
	ReportsImportedKind:      {Title: "往年报告已导入", Data: Imported{}},

	AccountInvitedKind:     {Title: "已邀请用户", Data: AccountChanged{}},
	AccountActivatedKind:   {Title: "用户已启用", Data: AccountChanged{}},
	AccountChangedKind:     {Title: "账户资料已变更", Data: AccountFieldsChanged{}},
	AccountRoleChangedKind: {Title: "人员分工已变更", Data: AccountRoleChanged{}},
	AccountEndedKind:       {Title: "人员已停用", Data: AccountChanged{}},
	TokenIssuedKind:        {Title: "已发放访问令牌", Data: TokenIssued{}},
	TokenRevokedKind:       {Title: "已作废访问令牌", Data: TokenRevoked{}},
}
