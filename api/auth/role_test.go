package auth_test

import (
	"testing"

	"paytrace-gateway/api/auth"
)

func TestARoleMayDoWhatTheRolesBeforeItMay(t *testing.T) {
	roles := auth.AllRoles()
	for i, own := range roles {
		for j, asked := range roles {
			if got, want := own.Reaches(asked), i >= j; got != want {
				t.Errorf("%s reaches %s: %t, want %t", own, asked, got, want)
			}
		}
	}
	for _, pair := range [][2]auth.Role{{"", ""}, {"", auth.RoleViewer}, {auth.RoleAdmin, ""}, {"root", auth.RoleViewer}, {auth.RoleAdmin, "root"}} {
		if pair[0].Reaches(pair[1]) {
			t.Errorf("%q reaches %q", pair[0], pair[1])
		}
	}
}
