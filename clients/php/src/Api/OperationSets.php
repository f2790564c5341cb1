<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Transport;

/** A member for each set of operations. */
abstract class OperationSets
{
    public readonly AdminSessions $adminSessions;
    public readonly Analytics $analytics;
    public readonly AuditLogs $auditLogs;
    public readonly Auth $auth;
    public readonly Blocklist $blocklist;
    public readonly Broadcasts $broadcasts;
    public readonly Calls $calls;
    public readonly Channels $channels;
    public readonly Chats $chats;
    public readonly Communities $communities;
    public readonly Contacts $contacts;
    public readonly Dashboard $dashboard;
    public readonly DefaultSession $defaultSession;
    public readonly Deletions $deletions;
    public readonly ErrorCodes $errorCodes;
    public readonly Events $events;
    public readonly Fleet $fleet;
    public readonly Groups $groups;
    public readonly Health $health;
    public readonly Invitations $invitations;
    public readonly Keys $keys;
    public readonly Labels $labels;
    public readonly Limits $limits;
    public readonly LoginLocks $loginLocks;
    public readonly Logins $logins;
    public readonly Me $me;
    public readonly Media $media;
    public readonly Members $members;
    public readonly Messages $messages;
    public readonly Notices $notices;
    public readonly OptOuts $optOuts;
    public readonly Presence $presence;
    public readonly Privacy $privacy;
    public readonly Profile $profile;
    public readonly Queues $queues;
    public readonly RateLimits $rateLimits;
    public readonly Rules $rules;
    public readonly SessionKeys $sessionKeys;
    public readonly Sessions $sessions;
    public readonly SystemLogs $systemLogs;
    public readonly Tiers $tiers;
    public readonly Usage $usage;
    public readonly Users $users;
    public readonly Webhooks $webhooks;
    public readonly WhatsappVersion $whatsappVersion;
    public readonly WorkerEvents $workerEvents;
    public readonly Workers $workers;
    public readonly Workspaces $workspaces;

    public function __construct(Transport $transport)
    {
        $this->adminSessions = new AdminSessions($transport);
        $this->analytics = new Analytics($transport);
        $this->auditLogs = new AuditLogs($transport);
        $this->auth = new Auth($transport);
        $this->blocklist = new Blocklist($transport);
        $this->broadcasts = new Broadcasts($transport);
        $this->calls = new Calls($transport);
        $this->channels = new Channels($transport);
        $this->chats = new Chats($transport);
        $this->communities = new Communities($transport);
        $this->contacts = new Contacts($transport);
        $this->dashboard = new Dashboard($transport);
        $this->defaultSession = new DefaultSession($transport);
        $this->deletions = new Deletions($transport);
        $this->errorCodes = new ErrorCodes($transport);
        $this->events = new Events($transport);
        $this->fleet = new Fleet($transport);
        $this->groups = new Groups($transport);
        $this->health = new Health($transport);
        $this->invitations = new Invitations($transport);
        $this->keys = new Keys($transport);
        $this->labels = new Labels($transport);
        $this->limits = new Limits($transport);
        $this->loginLocks = new LoginLocks($transport);
        $this->logins = new Logins($transport);
        $this->me = new Me($transport);
        $this->media = new Media($transport);
        $this->members = new Members($transport);
        $this->messages = new Messages($transport);
        $this->notices = new Notices($transport);
        $this->optOuts = new OptOuts($transport);
        $this->presence = new Presence($transport);
        $this->privacy = new Privacy($transport);
        $this->profile = new Profile($transport);
        $this->queues = new Queues($transport);
        $this->rateLimits = new RateLimits($transport);
        $this->rules = new Rules($transport);
        $this->sessionKeys = new SessionKeys($transport);
        $this->sessions = new Sessions($transport);
        $this->systemLogs = new SystemLogs($transport);
        $this->tiers = new Tiers($transport);
        $this->usage = new Usage($transport);
        $this->users = new Users($transport);
        $this->webhooks = new Webhooks($transport);
        $this->whatsappVersion = new WhatsappVersion($transport);
        $this->workerEvents = new WorkerEvents($transport);
        $this->workers = new Workers($transport);
        $this->workspaces = new Workspaces($transport);
    }
}
