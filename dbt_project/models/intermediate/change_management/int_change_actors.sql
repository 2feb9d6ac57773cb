-- Who wrote or pushed a change: author of the request, authors, committers and co-authors of its commits, pushers, and whoever pushed
-- its merge instead of the platform.
-- web-flow (the platform itself) is nobody as a committer; a merge of the base branch that adds nothing is not substantive.
with

changes as (

    select * from {{ ref('int_changes') }}

),

request_commits as (

    select * from {{ ref('stg_github__pull_request_commits') }}

),

requests as (

    select * from {{ ref('stg_github__pull_requests') }}

),

request_events as (

    select * from {{ ref('stg_github__pull_request_events') }}
    where event_type = 'HeadRefForcePushedEvent'

),

pull_commits as (

    select * from {{ ref('stg_git__pull_commits') }}

),

commit_changes as (

    select * from {{ ref('int_commit_changes') }}

),

pushed_merges as (

    select * from {{ ref('int_pushed_merges') }}

),

platform_commits as (

    select * from {{ ref('stg_github__commits') }}

),

accounts as (

    select * from {{ ref('int_accounts') }}
    where system = 'github'

),

person_emails as (

    select * from {{ ref('int_person_emails') }}

),

-- git knows bots by their address only: whoever the platform calls a bot anywhere is one everywhere
bots as (

    select instance, author_id as user_id from {{ ref('stg_github__pull_requests') }}
    where author_type = 'Bot'
    union
    select instance, author_id as user_id from {{ ref('stg_github__pull_request_reviews') }}
    where author_type = 'Bot'
    union
    select instance, actor_id as user_id from {{ ref('stg_github__activity') }}
    where actor_type = 'Bot'

),

-- true: not a merge; false: the difference from the base is the same as before the merge; null: git does not tell
substance as (

    select
        request_commits.repository_id,
        request_commits.pull_request_id,
        request_commits.oid,
        case
            when request_commits.second_parent_oid is null then true
            else merge_commits.cumulative_patch_id <> first_parents.cumulative_patch_id
        end as is_substantive
    from request_commits
    inner join changes
        on changes.repository_id = request_commits.repository_id and changes.pull_request_id = request_commits.pull_request_id
    left join pull_commits as merge_commits
        on
            merge_commits.repository_id = changes.repository_id
            and merge_commits.number = changes.number
            and merge_commits.sha = request_commits.oid
    left join pull_commits as first_parents
        on
            first_parents.repository_id = changes.repository_id
            and first_parents.number = changes.number
            and first_parents.sha = request_commits.first_parent_oid

),

-- a source that lists only so many commits of a request hides the authors of the others
incomplete_requests as (

    select
        changes.item_key,
        changes.instance
    from changes
    inner join requests
        on requests.repository_id = changes.repository_id and requests.pull_request_id = changes.pull_request_id
    left join request_commits
        on request_commits.repository_id = changes.repository_id and request_commits.pull_request_id = changes.pull_request_id
    group by changes.item_key, changes.instance, requests.commits_total
    having requests.commits_total > count(distinct request_commits.oid)

),

commit_authors as (

    select
        changes.item_key,
        changes.instance,
        case when author.item_no = 1 then 'author' else 'co_author' end as role,
        request_commits.oid,
        {{ json_text('author.item', '$.user.databaseId') }} as user_id,
        {{ json_text('author.item', '$.user.login') }} as login,
        {{ json_text('author.item', '$.email') }} as email,
        substance.is_substantive
    from changes
    inner join request_commits
        on request_commits.repository_id = changes.repository_id and request_commits.pull_request_id = changes.pull_request_id
    inner join substance
        on substance.pull_request_id = request_commits.pull_request_id and substance.oid = request_commits.oid
    {{ json_items('request_commits.authors', '$', 'author') }}

),

-- first-parent commits: all who stand on a direct push; of a request only authors and co-authors of squashed or replayed commits
branch_commits as (

    select
        changes.item_key,
        changes.instance,
        changes.change_kind,
        commit_changes.sha,
        commit_changes.author_email,
        commit_changes.committer_email,
        commit_changes.co_authors,
        platform_commits.authors,
        platform_commits.committer_id,
        platform_commits.committer_login
    from changes
    inner join commit_changes on commit_changes.item_key = changes.item_key
    left join platform_commits
        on
            platform_commits.repository_id = commit_changes.repository_id
            and platform_commits.branch = commit_changes.branch
            and platform_commits.oid = commit_changes.sha
    where changes.change_kind <> 'pull_request' or commit_changes.second_parent_sha is null

),

platform_authors as (

    select
        branch_commits.item_key,
        branch_commits.instance,
        case when author.item_no = 1 then 'author' else 'co_author' end as role,
        branch_commits.sha as oid,
        {{ json_text('author.item', '$.user.databaseId') }} as user_id,
        {{ json_text('author.item', '$.user.login') }} as login,
        {{ json_text('author.item', '$.email') }} as email
    from branch_commits
    {{ json_items('branch_commits.authors', '$', 'author') }}

),

trailer_authors as (

    select
        branch_commits.item_key,
        branch_commits.instance,
        branch_commits.sha as oid,
        {{ json_text('co_author.item', '$.email') }} as email
    from branch_commits
    {{ json_items('branch_commits.co_authors', '$', 'co_author') }}

),

named as (

    select item_key, instance, 'request_author' as role, cast(null as string) as oid, author_id as user_id, author_login as login, cast(null as string) as email, author_type as user_type, true as is_substantive
    from changes
    where change_kind = 'pull_request'
    union all
    select item_key, instance, 'not_collected' as role, cast(null as string) as oid, cast(null as string) as user_id, cast(null as string) as login, cast(null as string) as email, cast(null as string) as user_type, true as is_substantive
    from incomplete_requests
    union all
    select item_key, instance, 'pusher' as role, tip_sha as oid, pushed_by_id as user_id, pushed_by_login as login, cast(null as string) as email, pushed_by_type as user_type, true as is_substantive
    from changes
    where change_kind = 'push'
    union all
    select
        changes.item_key,
        changes.instance,
        'pusher' as role,
        request_events.after_oid as oid,
        request_events.actor_id as user_id,
        request_events.actor_login as login,
        cast(null as string) as email,
        cast(null as string) as user_type,
        true as is_substantive
    from changes
    inner join request_events
        on request_events.repository_id = changes.repository_id and request_events.pull_request_id = changes.pull_request_id
    union all
    select item_key, instance, role, oid, user_id, login, email, cast(null as string) as user_type, is_substantive
    from commit_authors
    union all
    select
        changes.item_key,
        changes.instance,
        'committer' as role,
        request_commits.oid,
        request_commits.committer_id as user_id,
        request_commits.committer_login as login,
        request_commits.committer_email as email,
        cast(null as string) as user_type,
        substance.is_substantive
    from changes
    inner join request_commits
        on request_commits.repository_id = changes.repository_id and request_commits.pull_request_id = changes.pull_request_id
    inner join substance
        on substance.pull_request_id = request_commits.pull_request_id and substance.oid = request_commits.oid
    union all
    select item_key, instance, role, oid, user_id, login, email, cast(null as string) as user_type, true as is_substantive
    from platform_authors
    union all
    select item_key, instance, 'co_author' as role, oid, cast(null as string) as user_id, cast(null as string) as login, email, cast(null as string) as user_type, true as is_substantive
    from trailer_authors
    union all
    select item_key, instance, 'author' as role, sha as oid, cast(null as string) as user_id, cast(null as string) as login, author_email as email, cast(null as string) as user_type, true as is_substantive
    from branch_commits
    where authors is null
    union all
    select item_key, instance, 'committer' as role, sha as oid, committer_id as user_id, committer_login as login, committer_email as email, cast(null as string) as user_type, true as is_substantive
    from branch_commits
    where change_kind <> 'pull_request'
    union all
    select item_key, instance, 'pusher' as role, sha as oid, pushed_by_id as user_id, pushed_by_login as login, cast(null as string) as email, pushed_by_type as user_type, is_substantive
    from pushed_merges
    union all
    select
        pushed_merges.item_key,
        pushed_merges.instance,
        'committer' as role,
        pushed_merges.sha as oid,
        platform_commits.committer_id as user_id,
        platform_commits.committer_login as login,
        pushed_merges.committer_email as email,
        cast(null as string) as user_type,
        pushed_merges.is_substantive
    from pushed_merges
    left join platform_commits
        on
            platform_commits.repository_id = pushed_merges.repository_id
            and platform_commits.branch = pushed_merges.branch
            and platform_commits.oid = pushed_merges.sha

),

-- the platform's private addresses carry the account: <id>+<login>@users.noreply.github.com. Whoever writes a commit can type any
-- address: no address takes an author away, nor does one make a bot
identified as (

    select
        item_key,
        instance,
        role,
        oid,
        coalesce(user_id, {{ text_match('lower(email)', '^([0-9]+)[+][^@]+@users[.]noreply[.]') }}) as user_id,
        coalesce(
            login,
            {{ text_match('lower(email)', '^[0-9]+[+]([^@]+)@users[.]noreply[.]') }},
            {{ text_match('lower(email)', '^([^@+]+)@users[.]noreply[.]') }}
        ) as login,
        lower(email) as email,
        coalesce(user_type = 'Bot', false) or coalesce(login like '%[bot]', false) as is_named_bot,
        is_substantive
    from named
    where
        role <> 'committer'
        or (coalesce(lower(login), '') <> 'web-flow' and coalesce(lower(email), '') <> 'noreply@github.com')

),

account_emails as (

    select
        instance,
        lower(email) as email,
        min(account_key) as account_key
    from accounts
    where email is not null
    group by instance, lower(email)
    having count(distinct account_key) = 1

),

account_logins as (

    select
        instance,
        lower(login) as login,
        min(account_key) as account_key
    from accounts
    where login is not null
    group by instance, lower(login)
    having count(distinct account_key) = 1

),

people_emails as (

    select
        email,
        min(person_id) as person_id
    from person_emails
    group by email
    having count(distinct person_id) = 1

),

resolved as (

    select
        identified.item_key,
        identified.role,
        identified.oid,
        identified.login,
        identified.email,
        identified.is_substantive,
        identified.is_named_bot or bots.user_id is not null as is_known_bot,
        coalesce(by_id.account_key, account_emails.account_key, account_logins.account_key) as account_key,
        people_emails.person_id as person_by_email
    from identified
    left join accounts as by_id
        on by_id.instance = identified.instance and by_id.account_id = identified.user_id
    left join account_emails
        on account_emails.instance = identified.instance and account_emails.email = case when identified.user_id is null then identified.email end
    left join account_logins
        on account_logins.instance = identified.instance and account_logins.login = case when identified.user_id is null then lower(identified.login) end
    left join people_emails
        on people_emails.email = case when identified.user_id is null then identified.email end
    left join bots
        on bots.instance = identified.instance and bots.user_id = identified.user_id

),

judged as (

    select
        resolved.item_key,
        resolved.role,
        resolved.oid,
        coalesce(resolved.login, resolved.email) as identity,
        resolved.account_key,
        coalesce(accounts.person_id, resolved.person_by_email) as person_id,
        resolved.is_known_bot or coalesce(accounts.account_kind in ('bot', 'service'), false) as is_bot,
        resolved.is_substantive
    from resolved
    left join accounts on accounts.account_key = resolved.account_key

),

final as (

    select
        item_key,
        role,
        identity,
        account_key,
        person_id,
        is_bot,
        case
            when max(case when is_substantive then 1 else 0 end) = 1 then true
            when count(*) = count(is_substantive) then false
        end as is_substantive,
        count(distinct oid) as commits,
        {{ sorted_list('oid') }} as oids
    from judged
    group by item_key, role, identity, account_key, person_id, is_bot

)

select * from final
