-- Both sides of every reconciliation of CM-01, item by item: on the left what another record shows, on the right the population.
with

engagement as (

    select * from {{ ref('int_engagement') }}

),

branches as (

    select * from {{ ref('int_production_branches') }}

),

changes as (

    select * from {{ ref('int_changes') }}

),

commit_changes as (

    select * from {{ ref('int_commit_changes') }}

),

requests as (

    select * from {{ ref('stg_github__pull_requests') }}

),

activity as (

    select * from {{ ref('stg_github__activity') }}

),

deployments as (

    select * from {{ ref('stg_github__deployments') }}
    where coalesce(upper(latest_state), 'UNKNOWN') not in ('FAILURE', 'ERROR')

),

heads as (

    select * from {{ ref('stg_git__branch_heads') }}

),

pull_commits as (

    select * from {{ ref('stg_git__pull_commits') }}

),

first_parent_commits as (

    select * from {{ ref('stg_git__first_parent_commits') }}

),

inventory as (

    select * from {{ ref('stg_github__repositories') }}

),

-- 1. every first-parent commit from the head at the start to the head at the end is in exactly one change. Without a head collected
-- by the start, the committer's date says what came after it.
boundaries as (

    select
        heads.repository_id,
        heads.branch,
        max_by(case when heads.collected_at <= engagement.period_start_at then heads.head end, case when heads.collected_at <= engagement.period_start_at then heads.collected_at end) as start_head,
        min_by(case when heads.collected_at >= engagement.period_end_at then heads.head end, case when heads.collected_at >= engagement.period_end_at then heads.collected_at end) as end_head
    from heads
    cross join engagement
    group by heads.repository_id, heads.branch

),

commits_between_heads as (

    select
        branches.instance,
        git_commits.repository_id,
        git_commits.branch,
        git_commits.sha
    from first_parent_commits as git_commits
    cross join engagement
    inner join branches
        on branches.repository_id = git_commits.repository_id and branches.branch = git_commits.branch
    left join boundaries
        on boundaries.repository_id = git_commits.repository_id and boundaries.branch = git_commits.branch
    left join first_parent_commits as start_heads
        on
            start_heads.repository_id = git_commits.repository_id
            and start_heads.branch = git_commits.branch
            and start_heads.sha = boundaries.start_head
    left join first_parent_commits as end_heads
        on
            end_heads.repository_id = git_commits.repository_id
            and end_heads.branch = git_commits.branch
            and end_heads.sha = boundaries.end_head
    where
        case when start_heads.sha is null then git_commits.committed_at >= engagement.period_start_at else git_commits.position > start_heads.position end
        and (end_heads.sha is null or git_commits.position <= end_heads.position)

),

commits_of_the_period as (

    select
        'first_parent_commits' as reconciliation,
        concat(commits_between_heads.instance, ':', commits_between_heads.repository_id, '/branch/', commits_between_heads.branch, '/', commits_between_heads.sha) as item_key,
        true as is_left,
        count(commit_changes.item_key) = 1
        and count(changes.item_key) = count(case when commit_changes.first_reached_at >= engagement.period_start_at and commit_changes.first_reached_at < engagement.period_end_at then 1 end) as is_right
    from commits_between_heads
    cross join engagement
    left join commit_changes
        on
            commit_changes.repository_id = commits_between_heads.repository_id
            and commit_changes.branch = commits_between_heads.branch
            and commit_changes.sha = commits_between_heads.sha
    left join changes on changes.item_key = commit_changes.item_key
    group by commits_between_heads.instance, commits_between_heads.repository_id, commits_between_heads.branch, commits_between_heads.sha

),

-- 2. every request that the platform merged into a production branch in the period is on the branch in git
merged_requests as (

    select
        'merged_requests' as reconciliation,
        concat(branches.instance, ':', requests.repository_id, '/pr/', requests.pull_request_id) as item_key,
        true as is_left,
        coalesce(changes.is_in_git, false) as is_right
    from requests
    cross join engagement
    inner join branches
        on branches.repository_id = requests.repository_id and branches.branch = requests.base_branch
    left join changes
        on changes.item_key = concat(branches.instance, ':', requests.repository_id, '/pr/', requests.pull_request_id)
    where requests.merged_at >= engagement.period_start_at and requests.merged_at < engagement.period_end_at

),

-- 3. the head after every push or merge that the platform recorded is a commit of the branch in git
pushes as (

    select
        'pushes' as reconciliation,
        concat(branches.instance, ':', activity.repository_id, '/push/', activity.activity_id) as item_key,
        true as is_left,
        count(first_parent_commits.sha) > 0 as is_right
    from activity
    cross join engagement
    inner join branches
        on branches.repository_id = activity.repository_id and branches.branch = activity.branch
    left join first_parent_commits
        on
            first_parent_commits.repository_id = activity.repository_id
            and first_parent_commits.branch = activity.branch
            and first_parent_commits.sha = activity.after_sha
    where
        activity.occurred_at >= engagement.period_start_at
        and activity.occurred_at < engagement.period_end_at
        and activity.activity_type in ('push', 'force_push', 'pr_merge', 'merge_queue_merge')
    group by branches.instance, activity.repository_id, activity.activity_id

),

-- 4. what was deployed since the deployment before lies on a production branch, every commit of it in a change
deployed_commits as (

    select
        deployments.instance,
        deployments.repository_id,
        deployments.deployment_id,
        min(commit_changes.branch) as branch,
        max(commit_changes.position) as position,
        min(deployments.created_at) as created_at
    from deployments
    left join commit_changes
        on commit_changes.repository_id = deployments.repository_id and commit_changes.sha = deployments.commit_oid and commit_changes.is_first_branch
    group by deployments.instance, deployments.repository_id, deployments.deployment_id

),

deployed_ranges as (

    select
        *,
        max(position) over (
            partition by instance, repository_id, branch order by created_at, deployment_id
            rows between unbounded preceding and 1 preceding
        ) as previous_position
    from deployed_commits

),

unmapped_in_ranges as (

    select
        deployed_ranges.instance,
        deployed_ranges.repository_id,
        deployed_ranges.deployment_id,
        count(*) as commits
    from deployed_ranges
    cross join engagement
    inner join commit_changes
        on
            commit_changes.repository_id = deployed_ranges.repository_id
            and commit_changes.branch = deployed_ranges.branch
            and commit_changes.position <= deployed_ranges.position
            and commit_changes.position > deployed_ranges.previous_position
            and commit_changes.first_reached_at >= engagement.period_start_at
            and commit_changes.first_reached_at < engagement.period_end_at
    left join changes on changes.item_key = commit_changes.item_key
    where changes.item_key is null
    group by deployed_ranges.instance, deployed_ranges.repository_id, deployed_ranges.deployment_id

),

deployed as (

    select
        'deployments' as reconciliation,
        concat(deployed_ranges.instance, ':', deployed_ranges.repository_id, '/deployment/', deployed_ranges.deployment_id) as item_key,
        true as is_left,
        deployed_ranges.position is not null and unmapped_in_ranges.commits is null as is_right
    from deployed_ranges
    cross join engagement
    left join unmapped_in_ranges
        on
            unmapped_in_ranges.instance = deployed_ranges.instance
            and unmapped_in_ranges.repository_id = deployed_ranges.repository_id
            and unmapped_in_ranges.deployment_id = deployed_ranges.deployment_id
    where deployed_ranges.created_at >= engagement.period_start_at and deployed_ranges.created_at < engagement.period_end_at

),

-- 5. no repository of the inventory is deployed, pushed or merged to and not read by git
active_repositories as (

    select deployments.instance, deployments.repository_id
    from deployments
    cross join engagement
    where deployments.created_at >= engagement.period_start_at and deployments.created_at < engagement.period_end_at
    union
    select activity.instance, activity.repository_id
    from activity
    cross join engagement
    where activity.occurred_at >= engagement.period_start_at and activity.occurred_at < engagement.period_end_at
    union
    select requests.instance, requests.repository_id
    from requests
    cross join engagement
    where requests.merged_at >= engagement.period_start_at and requests.merged_at < engagement.period_end_at
    union
    select inventory.instance, inventory.repository_id
    from inventory
    cross join engagement
    where inventory.pushed_at >= engagement.period_start_at

),

repositories as (

    select
        'repositories' as reconciliation,
        concat(active_repositories.instance, ':', active_repositories.repository_id) as item_key,
        true as is_left,
        count(first_parent_commits.sha) > 0 as is_right
    from active_repositories
    left join first_parent_commits on first_parent_commits.repository_id = active_repositories.repository_id
    group by active_repositories.instance, active_repositories.repository_id

),

-- 6. every collected head of a branch continues from the one before, or the rewrite is an item of the population
chained_heads as (

    select
        heads.*,
        lag(head) over (partition by instance, repository_id, branch order by collected_at) as head_before,
        lag(collected_at) over (partition by instance, repository_id, branch order by collected_at) as before_at
    from heads

),

continued_heads as (

    select
        'branch_heads' as reconciliation,
        concat(chained_heads.instance, ':', chained_heads.repository_id, '/branch/', chained_heads.branch, '/', {{ instant_to_text('chained_heads.collected_at') }}) as item_key,
        true as is_left,
        chained_heads.previous_head = chained_heads.head_before
        and (coalesce(chained_heads.is_descendant, false) or count(changes.item_key) > 0) as is_right
    from chained_heads
    left join changes
        on
            changes.repository_id = chained_heads.repository_id
            and changes.branch = chained_heads.branch
            and changes.is_rewrite
            and changes.occurred_at > chained_heads.before_at
            and changes.occurred_at <= chained_heads.collected_at
    where chained_heads.head_before is not null
    group by
        chained_heads.instance,
        chained_heads.repository_id,
        chained_heads.branch,
        chained_heads.collected_at,
        chained_heads.previous_head,
        chained_heads.head_before,
        chained_heads.is_descendant

),

-- 7. every request number for which git has a request ref is a request of the platform, and the reverse: other gaps are issues
git_numbers as (

    select
        repository_id,
        number
    from pull_commits
    group by repository_id, number

),

platform_numbers as (

    select distinct
        requests.instance,
        requests.repository_id,
        requests.number
    from requests
    inner join (select distinct repository_id from git_numbers) as read_by_git
        on read_by_git.repository_id = requests.repository_id
    where coalesce(requests.commits_total, 1) > 0

),

request_numbers as (

    select
        'request_numbers' as reconciliation,
        concat(
            coalesce(platform_numbers.instance, 'git'), ':', coalesce(platform_numbers.repository_id, git_numbers.repository_id),
            '/number/', coalesce(platform_numbers.number, git_numbers.number)
        ) as item_key,
        git_numbers.number is not null as is_left,
        platform_numbers.number is not null as is_right
    from git_numbers
    full outer join platform_numbers
        on platform_numbers.repository_id = git_numbers.repository_id and platform_numbers.number = git_numbers.number

),

final as (

    select reconciliation, item_key, is_left, is_right from commits_of_the_period
    union all
    select reconciliation, item_key, is_left, is_right from merged_requests
    union all
    select reconciliation, item_key, is_left, is_right from pushes
    union all
    select reconciliation, item_key, is_left, is_right from deployed
    union all
    select reconciliation, item_key, is_left, is_right from repositories
    union all
    select reconciliation, item_key, is_left, is_right from continued_heads
    union all
    select reconciliation, item_key, is_left, is_right from request_numbers

)

select * from final
