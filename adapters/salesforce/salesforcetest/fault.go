package salesforcetest

// The kinds of faults.
const (
	// Answer gives the fault's answer and does nothing.
	Answer = "answer"
	// Item refuses one record of a collection, the one numbered Item.
	Item = "item"
	// HTML answers with a proxy's page, and does nothing.
	HTML = "html"
	// ResetBefore hangs up and does nothing, ResetAfter does what was asked and
	// hangs up.
	ResetBefore = "reset_before"
	ResetAfter  = "reset_after"
	// Slow only waits for Until.
	Slow = "slow"
)

// Fault is one way to misbehave.
type Fault struct {
	// Operation is one of the Op constants; none means any.
	Operation string
	Kind      string
	// Count is how often it strikes, zero for always.
	Count int
	// Status, Code, Message and Fields are the answer. Body replaces the platform's form.
	Status  int
	Code    string
	Message string
	Fields  []string
	Body    string
	Item    int
	// Until keeps the call waiting; Begun, if there is one, is told before.
	Until <-chan struct{}
	Begun chan<- struct{}

	fired int
}

// Order adds a fault. The first that fits strikes.
func (o *Org) Order(f Fault) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = append(o.faults, &f)
}

// ClearFaults takes all faults away.
func (o *Org) ClearFaults() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.faults = nil
}

// strike finds the fault for an operation.
func (o *Org) strike(operation string) *Fault {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, f := range o.faults {
		if (f.Operation == "" || f.Operation == operation) && (f.Count == 0 || f.fired < f.Count) {
			f.fired++
			return f
		}
	}
	return nil
}

func (f *Fault) wait(q *request) {
	if f.Begun != nil {
		f.Begun <- struct{}{}
	}
	if f.Until == nil {
		return
	}
	select {
	case <-f.Until:
	case <-q.Context().Done():
	}
}

func (f *Fault) answer() answer {
	if f.Body != "" || f.Code == "" {
		return answer{status: f.Status, body: f.Body}
	}
	return failure(f.Status, f.Code, f.Message, f.Fields...)
}
