-- scheduled notices write to nobody
UPDATE kavi_notice_rule
   SET active = false;

-- mails that wait here are sent by the database that this one was copied from; also
-- where somebody sets up a mail server for trying, and starts the queue
UPDATE kavi_notice
   SET state = 'superseded',
       reason = 'Not sent: this is a copy of the database.'
 WHERE state = 'queued';
UPDATE mail_mail
   SET state = 'cancel'
 WHERE state = 'outgoing';
