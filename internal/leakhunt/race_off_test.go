//go:build !race

package leakhunt

const underRace = false
