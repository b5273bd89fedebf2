package services

import "testing"

func TestAPatternIsPreparedOnceAndCopied(t *testing.T) {
	prepared := 0
	p := NewPattern(func(url string) error {
		prepared++
		return ask(url, "CREATE TABLE prepared (n INT)")
	})
	one, two := p.Postgres(t), p.Postgres(t)
	if err := ask(one, "DROP TABLE prepared"); err != nil {
		t.Errorf("the first copy: %v", err)
	}
	for what, url := range map[string]string{"the second copy": two, "a copy made later": p.Postgres(t)} {
		if err := ask(url, "SELECT n FROM prepared"); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	if prepared != 1 {
		t.Errorf("it was prepared %d times", prepared)
	}
}
