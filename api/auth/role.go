package auth

import "slices"

// Role is what a person may do. Each role may do all that those before it may.
type Role string

// All roles.
const (
	// RoleViewer reads.
	RoleViewer Role = "viewer"
	// RoleOperator also decides what only a person can, and what is told anew.
	RoleOperator Role = "operator"
	// RoleAdmin also says who may call, and who may log in.
	RoleAdmin Role = "admin"
)

// AllRoles are the roles in the order of what they may do.
func AllRoles() []Role { return []Role{RoleViewer, RoleOperator, RoleAdmin} }

// Reaches reports whether the role may do what asks for least. No role at all
// reaches nothing.
func (r Role) Reaches(least Role) bool {
	own, asked := slices.Index(AllRoles(), r), slices.Index(AllRoles(), least)
	return asked >= 0 && own >= asked
}
