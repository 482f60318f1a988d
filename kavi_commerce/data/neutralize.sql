-- no card is charged by PayPal, no event of it is taken, and no token of it is of use
UPDATE payment_provider
   SET state = 'disabled'
 WHERE code = 'paypal'
   AND state NOT IN ('test', 'disabled');
UPDATE payment_provider
   SET paypal_email_account = NULL,
       paypal_client_id = NULL,
       paypal_client_secret = NULL,
       paypal_webhook_id = NULL,
       paypal_access_token = NULL,
       paypal_access_token_expiry = NULL
 WHERE code = 'paypal';

-- what is open at the gateway, and what it has told, the original sees to
UPDATE payment_transaction
   SET next_check_date = NULL
 WHERE next_check_date IS NOT NULL;
UPDATE kavi_gateway_event
   SET state = 'ignored',
       next_try = NULL,
       error = 'Not worked on: this is a copy of the database.'
 WHERE state = 'new';
