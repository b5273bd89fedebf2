// Package tokenization takes card data in and gives tokens out. It is the only
// package that may hold a card number, or the number of a bank account.
//
//   - [Card] carries a number and its CSC to a keyed sale and shows brand and
//     last four to everybody else.
//   - [BankAccount] carries an account number to an ACH payment in the same way.
//   - [BrandOf] and [FindCardNumber] recognise card numbers, the latter in free
//     text where none may stand.
package tokenization
