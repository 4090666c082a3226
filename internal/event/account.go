package event

// The kinds of what people change about their own accounts and about each other's.
const (
	AccountChangedKind     Kind = "account.changed"      // name, address or password
	AccountRoleChangedKind Kind = "account.role_changed" // 填报人、负责人
	AccountEndedKind       Kind = "account.ended"        // a person no longer acts for the organisation
)

// AccountFieldsChanged: a person changed something of the own account. Fields names it (name, email, password), never
// its contents. The subject is the person.
type AccountFieldsChanged struct {
	Fields []string `json:"fields"`
}

// AccountRoleChanged: somebody of an organisation may submit from now on, or no longer. The subject is that person.
type AccountRoleChanged struct {
	Responsible bool `json:"responsible"`
}
